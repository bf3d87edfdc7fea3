/** A person's, city's or country's name or a label: 1 to 100 characters, none of them a control, no space at its ends. */
export function isPlainName(text: string): boolean {
  return (
    text.length >= 1 && text.length <= 100 && text.trim() === text && !/[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}]/u.test(text)
  );
}

/** What people write about why: 1 to 1,000 characters, no control but the end of a line, no space at its ends. */
export function isReason(text: string): boolean {
  return text.length >= 1 && text.length <= 1_000 && text.trim() === text && !/[^\P{Control}\n]/u.test(text);
}

/**
 * One `@` with something on both sides, printable ASCII, at most 254 characters (RFC 5321 section 4.5.3.1.3, less the
 * brackets). Only a mail that arrives proves an address; this catches typing errors and what could break a line.
 */
export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[!#-;=?A-~]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(text);
}
