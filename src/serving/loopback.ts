/** This machine alone. */
export const LOOPBACK = "127.0.0.1";

const NAMES = /^(127\.0\.0\.1|localhost|::1|\[::1\])(:\d+)?$/;

/** Whether an address to listen on, or the Host of a request, is this machine alone. */
export const isLoopback = (host: string): boolean => NAMES.test(host);
