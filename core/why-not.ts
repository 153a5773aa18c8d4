/** Says why the system did not do something with a file, without its call and path: the message around it names the file. */
export const whyNot = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/, \w+(?: '[^]*')?$/, '')
