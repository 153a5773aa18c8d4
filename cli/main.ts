import { CommanderError } from 'commander'
import { program } from './program.ts'
import { exitCodeFor, tellError } from './failure.ts'
import { sandboxInit } from './sandbox/init.ts'
import { outliveReaders } from './terminal.ts'

/** Runs nsnet; its exit code is that of the process. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '__sandbox') return await sandboxInit(args.slice(1))
  if (args[0] === '__complete') {
    const { answer } = await import('./completion/answer.ts')
    await answer(program(nothing), args.slice(args[1] === '--' ? 2 : 1))
    return 0
  }
  let code = 0
  await program((result) => (code = result)).parseAsync([...args], { from: 'user' })
  return code
}

const nothing = (): void => undefined

outliveReaders()
try {
  process.exitCode = (await main(process.argv.slice(2))) || (process.exitCode ?? 0)
} catch (error) {
  if (!(error instanceof CommanderError)) tellError(error, process.argv.includes('--json'))
  process.exitCode = exitCodeFor(error)
}
