import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { programIn, type Command, type Exec, type Output } from '../core/command.ts'
import { OWN } from '../library/sandbox/world.ts'
import { program } from './sandbox.ts'

/** A step as a workflow has it, without its id. */
export interface StageStep {
  readonly uses: string
  readonly with?: unknown
}

/**
 * What nsnet does: `run --json` prints the events of the run, `undo` takes back the latest run that made something, `undo last` the
 * latest of all.
 */
export type Verb = 'run' | 'run --json' | 'resume' | 'undo' | 'undo last'

/** The real nsnet in a sandbox, with a workflow; each of its journals is in the sandbox, too. */
export interface Nsnet {
  /** Does a verb with the workflow. With `killAt` it is ended by SIGKILL when so many changes are done. */
  readonly act: (verb: Verb, killAt?: number) => Promise<Output>
}

/** Exit code of a process that SIGKILL ended. */
export const KILLED = 137

const preload = fileURLToPath(new URL('./boundaries.mjs', import.meta.url))

let count = 0

/**
 * Writes a workflow into the sandbox, for a real nsnet with an empty state directory.
 *
 * `plugin` is the file of the step type; `changes` are commands that change the kernel, beside those that are known to.
 */
export async function nsnetWith(
  exec: Exec,
  steps: readonly StageStep[],
  plugin: string | undefined,
  changes: readonly Command[],
): Promise<Nsnet> {
  const dir = `${OWN}/conforms-${count++}`
  const plugins = plugin === undefined ? {} : { plugins: [`./plugin/${basename(plugin)}`] }
  const ids = (at: number): string => (steps.length === 1 ? 'example' : `stage-${at}`)
  const workflow = { name: 'conforms', ...plugins, steps: steps.map((step, at) => ({ id: ids(at), ...step })) }
  // a plugin has to lie beside the workflow or below it
  const script = 'mkdir -p "$1" && cd "$1" && cat >workflow.json && if [ "$2" ]; then ln -s "$2" plugin; fi'
  const place = ['sh', '-ec', script, 'sh', dir, plugin === undefined ? '' : dirname(plugin)]
  const { exitCode, stderr } = await exec({ argv: place, stdin: JSON.stringify(workflow) })
  if (exitCode !== 0) throw new Error(`cannot write a workflow into the sandbox: ${stderr}`)
  const lines = changes.flatMap(({ argv }) => [argv.join(' '), programIn(argv).join(' ')])
  return {
    act: (verb, killAt) => {
      const what = {
        run: ['run', `${dir}/workflow.json`],
        'run --json': ['run', `${dir}/workflow.json`, '--json'],
        resume: ['resume', 'last'],
        undo: ['undo'],
        'undo last': ['undo', 'last'],
      }[verb]
      const kill = killAt === undefined ? [] : [`NSNET_KILL_CHANGE=${killAt}`, `NSNET_CHANGES=${JSON.stringify(lines)}`]
      const node = [process.execPath, ...(killAt === undefined ? [] : ['--import', preload])]
      const argv = ['env', 'NSNET_SANDBOX=1', ...kill, ...node, program, ...what, '--state-dir', `${dir}/state`]
      return exec({ argv, timeoutMs: 60_000 })
    },
  }
}
