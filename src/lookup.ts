/** Tables that are looked up by names which come from files, flags and requests. */

/** What a table has under a name; what every object has, such as `constructor`, is in none. */
export const lookup = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
