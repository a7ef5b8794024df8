/** Names of the files of a run. */
export const RUN_FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  log: "log.txt",
  best: "best.pth",
  last: "last.pth",
  summary: "summary.json",
  labels: "labels.json",
  note: "note.txt",
  photos: "photos.jsonl",
} as const;
