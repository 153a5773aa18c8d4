/**
 * Expects every line of what a tool printed to look as the tool writes it; empty lines and comments (`#`) are fine. A tool
 * that prints something else was not asked rightly, or is not that tool: then nothing can be said of what is there.
 *
 * @throws when a line does not match
 */
export function expectLines(stdout: string, line: RegExp, expected: string): void {
  const wrong = stdout.split('\n').find((text) => text !== '' && !text.startsWith('#') && !line.test(text))
  if (wrong !== undefined) throw new Error(`expected ${expected}, got ${JSON.stringify(wrong.slice(0, 100))}`)
}
