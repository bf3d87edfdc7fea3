/** A command line cut at blanks, for words that have none inside. */
export function words(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}
