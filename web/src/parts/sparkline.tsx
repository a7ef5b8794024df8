const [WIDTH, HEIGHT] = [88, 22];

/** The course of a figure, without axes; an ornament beside the figure itself. */
export function Sparkline({ values }: { values: readonly number[] }) {
  if (values.length < 2) return <svg class="sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true" />;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, index) => {
    const x = 2 + ((WIDTH - 4) * index) / (values.length - 1);
    const y = HEIGHT - 3 - ((HEIGHT - 6) * (value - low)) / (high - low || 1);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [x, y] = points.at(-1)?.split(",") ?? [];
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points.join(" ")} />
      <circle cx={x} cy={y} r="2" />
    </svg>
  );
}
