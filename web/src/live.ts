/** Events of the server, while the page is looked at: a browser keeps few connections open to one server. */
import { isConnected } from "./server.ts";

/** What is done with each kind of event. */
export type Listeners = Readonly<Record<string, (data: string) => void>>;

/**
 * Listens until the function that it returns is called. A hidden page is cut off, and goes on where it was when it is seen again:
 * `address` is called with the id of the last event.
 */
export function listen(address: (lastId: string | undefined) => string, listeners: Listeners): () => void {
  let source: EventSource | undefined;
  let lastId: string | undefined;
  const open = (): void => {
    source = new EventSource(address(lastId));
    source.onopen = () => {
      isConnected.value = true;
    };
    source.onerror = () => {
      isConnected.value = false;
    };
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (event.lastEventId !== "") lastId = event.lastEventId;
        listener(event.data);
      });
    }
  };
  const change = (): void => {
    source?.close();
    source = undefined;
    if (!document.hidden) open();
  };
  document.addEventListener("visibilitychange", change);
  change();
  return () => {
    document.removeEventListener("visibilitychange", change);
    source?.close();
  };
}
