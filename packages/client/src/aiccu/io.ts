/** Where aiccu's words go: results to standard output, what happens to standard error. */
export interface AiccuIo {
  /** A line, or several. */
  out(text: string): void;
  /** As it is, without a line end. */
  write(text: string): void;
  log(line: string): void;
  /** Undefined when there is nobody to answer. */
  ask(question: string): Promise<string | undefined>;
}
