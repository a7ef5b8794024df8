import type { Shape } from "../../../graph/value.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

/** reshape: the same bytes, once they are row-major. */
export const reshape: Kernel = (node, build) => {
  const y = the(node.outputs, 0);
  build.bind(y, build.alias(build.readPlain(the(node.inputs, 0)), build.dnnl.plain(y.shape)));
};

/** concat; the layout of the result is oneDNN's choice by those of the operands. */
export const concat: Kernel = (node, build) => {
  const { dnnl } = build;
  const y = the(node.outputs, 0);
  const list = node.inputs.map((_, index) => build.read(the(node.inputs, index)));
  const layouts = list.map(({ layout }) => layout);
  const description = dnnl.describeConcat(y.shape, node.attributes.axis as number, layouts);
  if (!description) return byReference(node, build);
  build.primitive(description, { reads: {}, writes: { dst: build.write(y, dnnl.layoutOf(description, "dst")) }, list });
};

/** slice: a copy of part of the layout, in row-major order where the layout cannot be cut there. */
export const slice: Kernel = (node, build) => {
  const { dnnl } = build;
  const [x, y] = [the(node.inputs, 0), the(node.outputs, 0)];
  const { axis, start } = node.attributes;
  const offsets: Shape = x.shape.map((_, index) => (index === axis ? (start as number) : 0));
  const whole = build.read(x);
  const cut = dnnl.part(whole.layout, y.shape, offsets);
  const layout = cut ?? dnnl.part(dnnl.plain(x.shape), y.shape, offsets);
  if (!layout) return byReference(node, build);
  const part = build.alias(cut ? whole : build.readPlain(x), layout);
  build.copy(part, build.write(y));
};
