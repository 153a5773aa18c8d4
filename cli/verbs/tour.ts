import { here } from '../../library/place.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processExec } from '../../core/exec.ts'
import { fingerprint, type Fingerprint, type Parts } from '../../core/fingerprint.ts'
import { equal, type Json } from '../../core/json.ts'
import { beginRun } from '../../library/session.ts'
import { codeOf } from '../ending.ts'
import { sessionAt, storeFor } from '../session.ts'
import { takeBack } from '../../library/taking-back.ts'
import { runInSandbox } from '../sandbox/sandbox.ts'
import type { Terminal } from '../terminal.ts'
import { readWorkflow } from '../workflow-file.ts'

/** The workflow of the tour: a network namespace with internet access. */
const WORKFLOW = join(dirname(fileURLToPath(import.meta.url)), '..', 'workflows', 'internet.json')

/** `nsnet tour`: the main job in a sandbox, then its undo, then the comparison of the kernel before and after. */
export async function tour(terminal: Terminal): Promise<number> {
  if (process.env['NSNET_SANDBOX'] === undefined) {
    return await runInSandbox([process.execPath, ...process.argv.slice(1)], { interactive: false })
  }
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-tour-'))
  try {
    return await inside({ ...terminal, options: { ...terminal.options, stateDir: dir } })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function inside(terminal: Terminal): Promise<number> {
  const title = (text: string): void => terminal.out(`\n${terminal.paint('bold', text)}`)
  const exec = processExec()
  title('1. A sandbox: your real kernel, a private little world')
  terminal.out('   a host with the uplink enp1s0, and behind it an "internet" that answers to google.com;')
  terminal.out('   nothing outside of it is touched, and no packet leaves this machine')
  const before = await fingerprint(exec)

  title('2. nsnet run workflows/internet.json: a network namespace with internet access')
  const { started, ...ready } = await readWorkflow(WORKFLOW, {}, here)
  const store = await storeFor(terminal.options)
  const session = { ...sessionAt(terminal, store, { advise: false }), ...ready }
  const ran = await beginRun(session, started)
  if (ran.ending.how !== 'well') return codeOf(ran.ending)

  title('3. nsnet undo: the same steps, taken back in reverse')
  const undone = await takeBack(session, started.run, { cascade: false })

  title('4. The proof: the whole network state, before the run and after the undo')
  const after = await fingerprint(exec)
  for (const line of comparison(before, after)) terminal.out(`   ${line}`)
  const same = equal(before, after)
  terminal.out(same ? terminal.paint('green', '   equal: the kernel is exactly as it was') : '   NOT equal')
  if (same) for (const line of whatNext) terminal.out(line)
  return same ? codeOf(undone) : 1
}

const whatNext = [
  '',
  'What to try next:',
  '  npm start -- run workflows/internet.json --sandbox    the run alone',
  '  npm start -- sandbox                                  a shell in the little world',
  '  npm start -- --help                                   all commands',
]

function comparison(before: Fingerprint, after: Fingerprint): readonly string[] {
  const [was, is] = [facetsOf(before), facetsOf(after)]
  return Object.keys(was).map((name) => {
    const same = equal(was[name]!, is[name]!)
    return `${same ? '=' : '✗'} ${name.padEnd(16)} ${sizeOf(was[name]!)} before, ${sizeOf(is[name]!)} after: ${same ? 'equal' : 'DIFFERENT'}`
  })
}

/** Lays the parts of the host and the list of netns side by side. */
const facetsOf = ({ host, netns }: Fingerprint): Parts => ({ ...host, netns: Object.keys(netns) })

const sizeOf = (part: Json): number => (Array.isArray(part) ? part.length : 0)
