/** What galleries of pictures have in common: choices in the address, pages that are loaded one after the other, tiles. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DataPicture, MarkAnswer, PicturePage } from "../../../src/serving/dashboard/api.ts";
import { count } from "../format.ts";
import { markText } from "../marks.ts";
import { go, query, withQuery } from "../router.ts";
import { ask, noteOf, runApi } from "../server.ts";
import { Empty, Loading, Notes } from "./notes.tsx";

const PAGE = 60;

/** What may be chosen, the usual one first. */
export interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, text: string])[];
}

/** A choice that stands in the address. */
export function Choice({ name, label, options }: ChoiceProps) {
  return (
    <label class="choice">
      {label}
      <select
        value={query.value.get(name) ?? options[0]?.[0]}
        onChange={(event) => {
          const value = event.currentTarget.value;
          go(withQuery({ [name]: value === options[0]?.[0] ? null : value, picture: null }));
        }}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Loaded<Picture> {
  readonly key: string;
  readonly total: number;
  readonly pictures: readonly Picture[];
}

/** The pictures at an address of a run, chosen by what the page's address says under these names, as far as they are loaded. */
export function useGallery<Picture extends DataPicture>(address: string, names: readonly string[]) {
  const [pages, setPages] = useState<Loaded<Picture>>();
  const [fault, setFault] = useState<ReturnType<typeof noteOf>>();
  const params = new URLSearchParams();
  for (const name of names) {
    const value = query.value.get(name);
    if (value) params.set(name, value);
  }
  const key = `${address}?${params}`;
  const load = (offset: number, isGone: () => boolean = () => false): void => {
    ask<PicturePage<Picture>>(`${key}&limit=${PAGE}&offset=${offset}`).then(
      ({ total, pictures }) => {
        if (isGone()) return;
        setFault(undefined);
        setPages((before) => ({
          ...{ key, total },
          pictures: offset === 0 ? pictures : [...(before?.pictures ?? []), ...pictures],
        }));
      },
      (error: unknown) => {
        if (!isGone()) setFault(noteOf(error));
      },
    );
  };
  // `key` is all that `load` depends on
  useEffect(() => {
    let gone = false;
    load(0, () => gone);
    return () => {
      gone = true;
    };
  }, [key]);
  const change = (index: number, mark: MarkAnswer | null): void =>
    setPages(
      (before) =>
        before && {
          ...before,
          pictures: before.pictures.map((picture) => (picture.index === index ? { ...picture, mark } : picture)),
        },
    );
  return {
    pages: pages?.key === key ? pages : undefined,
    fault,
    more: () => load(pages?.pictures.length ?? 0),
    change,
  };
}

/** The picture that is open, by its index, and those before and after it; undefined if none is. */
export function openPicture(pictures: readonly DataPicture[] = []) {
  const index = Number(query.value.get("picture") ?? Number.NaN);
  if (Number.isNaN(index)) return undefined;
  const at = pictures.findIndex((picture) => picture.index === index);
  return {
    index,
    previous: at > 0 ? pictures[at - 1]?.index : undefined,
    next: at === -1 ? undefined : pictures[at + 1]?.index,
  };
}

interface TileProps {
  readonly run: string;
  /** Below the run's address. */
  readonly place: string;
  readonly picture: DataPicture;
  readonly isWrong?: boolean;
  readonly children: ComponentChildren;
}

/** A small picture that opens the large one. */
export function Tile({ run, place, picture: { index, file, mark }, isWrong, children }: TileProps) {
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(withQuery({ picture: index }), { state: { isOpened: true } });
  };
  return (
    <li>
      <a
        href={withQuery({ picture: index })}
        class={`tile ${isWrong ? "wrong" : ""}`}
        data-index={index}
        onClick={open}
      >
        <img
          class={file === null ? "pixels" : undefined}
          src={runApi(run, `${place}/${index}/image?side=256`)}
          alt={file?.split("/").at(-1) ?? `picture ${index}`}
          loading="lazy"
        />
        {children}
        {mark && <span class="flag">{markText(mark)}</span>}
      </a>
    </li>
  );
}

interface TilesProps<Picture> {
  readonly gallery: Pick<ReturnType<typeof useGallery<Picture & DataPicture>>, "pages" | "fault" | "more">;
  /** Names of the choices in the address, which a button takes back where no picture fits them. */
  readonly choices: readonly string[];
  readonly tile: (picture: Picture) => ComponentChildren;
}

/** The pictures that fit the choices, as far as they are loaded, or why there are none. */
export function Tiles<Picture extends DataPicture>({ gallery, choices, tile }: TilesProps<Picture>) {
  const { pages, fault, more } = gallery;
  const all = Object.fromEntries([...choices, "picture"].map((name) => [name, null]));
  return (
    <>
      {fault && <Notes notes={[fault]} kind="error" />}
      {!pages && !fault && <Loading />}
      {pages?.total === 0 && (
        <Empty title="No picture is like that">
          <a class="button" href={withQuery(all)}>
            Show all pictures
          </a>
        </Empty>
      )}
      <ul class="gallery">{pages?.pictures.map(tile)}</ul>
      {pages && <More shown={pages.pictures.length} total={pages.total} more={more} />}
    </>
  );
}

/** Asks for the next page, while there is one. */
function More({ shown, total, more }: { shown: number; total: number; more: () => void }) {
  if (total <= shown) return null;
  return (
    <p class="more">
      <button type="button" onClick={more}>
        Show more of {count(total)}
      </button>
    </p>
  );
}
