import { UserError } from "../../errors.ts";

/** An error with the status of the answer that tells it. */
export class StatusError extends UserError {
  readonly status: 401 | 403 | 404 | 409 | 413;

  constructor(status: StatusError["status"], message: string, hint: string) {
    super(message, hint);
    this.status = status;
  }
}

/** What cannot be done as things stand. */
export const conflict = (message: string, hint: string): StatusError => new StatusError(409, message, hint);

/** What is there but not to be given. */
export const forbidden = (
  message: string,
  hint = "Open something in the runs folder or in its data set.",
): StatusError => new StatusError(403, message, hint);

/** What is not there. */
export const missing = (message: string, hint: string): StatusError => new StatusError(404, message, hint);
