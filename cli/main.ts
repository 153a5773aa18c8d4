import { CommanderError } from 'commander'
import { ownTheProcess } from '../core/heap.ts'
import { program } from './program.ts'
import { asRefusal, exitCodeFor, tellError } from './failure.ts'
import { verbFirst } from './usage/globals.ts'
import { outliveReaders } from './terminal.ts'

/** Runs nsnet as its arguments say; its exit code is that of the process. */
export async function main(args: readonly string[]): Promise<void> {
  outliveReaders()
  ownTheProcess()
  process.on('exit', tellTooEarly)
  try {
    process.exitCode = (await run(args)) || (process.exitCode ?? 0)
  } catch (thrown) {
    const error = asRefusal(thrown)
    if (!(error instanceof CommanderError)) tellError(error, ownWords(args).includes('--json'))
    process.exitCode = exitCodeFor(error)
  }
  process.off('exit', tellTooEarly)
  // what a plugin has begun and not ended would keep nsnet for ever
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

/** What ends well before nsnet does was not ended by nsnet. */
function tellTooEarly(code: number): void {
  if (code !== 0) return
  process.exitCode = 1
  process.stderr.write(
    'nsnet: ended before its work was done: something called process.exit()\n' +
      '  a plugin of the workflow, it seems; a run that was stopped so goes on with: nsnet resume\n',
  )
}

/** How long what nsnet has begun may take to end by itself, in milliseconds. */
const LINGER_MS = 2000

/** The words for nsnet itself, without those of a command that it is to run. */
const ownWords = (args: readonly string[]): readonly string[] =>
  args.includes('--') ? args.slice(0, args.indexOf('--')) : args

async function run(args: readonly string[]): Promise<number> {
  if (args[0] === '__sandbox') return await (await import('./sandbox/init.ts')).sandboxInit(args.slice(1))
  if (args[0] === '__complete') {
    const { answer } = await import('./completion/answer.ts')
    await answer(program(nothing, undefined), args.slice(args[1] === '--' ? 2 : 1))
    return 0
  }
  let code = 0
  const words = verbFirst(args)
  await program((result) => (code = result), words[0]).parseAsync([...words], { from: 'user' })
  return code
}

const nothing = (): void => undefined
