/**
 * Does a work of a plugin that waits for nothing, in which `process.exit()` throws: it would end nsnet in the middle of a run, with
 * whatever exit code.
 */
export function withoutExit<T>(work: () => T): T {
  const { exit } = process
  process.exit = () => {
    throw new Error('it calls process.exit(), which would end nsnet')
  }
  try {
    return work()
  } finally {
    process.exit = exit
  }
}
