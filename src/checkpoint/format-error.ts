/** A file that breaks its format, or asks for what is refused; the message goes on after "expected a .pth file but". */
export class FormatError extends Error {
  /** The global that a pickle asked for, such as `os.system`. */
  readonly forbidden: string | undefined;
  /** What to do about it, where that is not to fetch or save the file again. */
  readonly hint: string | undefined;

  constructor(message: string, { forbidden, hint }: { readonly forbidden?: string; readonly hint?: string } = {}) {
    super(message);
    this.forbidden = forbidden;
    this.hint = hint;
  }
}
