/** A file that breaks its format, or asks for what is refused; the message goes on after "expected a .pth file but". */
export class FormatError extends Error {
  /** The global that a pickle asked for, such as `os.system`. */
  readonly forbidden: string | undefined;

  constructor(message: string, forbidden?: string) {
    super(message);
    this.forbidden = forbidden;
  }
}
