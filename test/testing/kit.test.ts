import { execFile, execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { processExec } from '../../core/exec.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { settle } from '../../core/wait.ts'

/** As authors have it: the built package, node:test's assert only, two at the same time. */
const script = (rule: string) => `
  import { conforms } from '${resolve('dist/testing.mjs')}'
  const at = (name) => new URL('file://${resolve('test/testing/wrong')}/' + name + '.mjs')
  const tried = async (name) => {
    const { default: step } = await import(at(name).href)
    await conforms(step, [{ input: { link: 'enp1s0', both: ['10.7.0.1/32', '10.7.0.2/32'] } }], { plugin: at(name) })
  }
  const [sound, wrong] = await Promise.allSettled([tried('twin'), tried('${rule}')])
  console.log(sound.status, wrong.reason.rule)
`

const users = [
  ['the user who runs the tests', []],
  ['an ordinary user', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']],
] as const

test.each(process.getuid!() === 0 ? users : users.slice(0, 1))(
  'as %s a sound step conforms and a wrong one does not, at the same time, and nothing is left behind',
  async (_, words) => {
    const before = [await fingerprint(processExec()), mounts()]
    const { mark, ended } = started([...words, process.execPath, '--input-type=module', '--eval', script('resumes')])
    expect(await ended).toEqual({ stdout: 'fulfilled resumes\n', stderr: '' })
    expect(await left(mark)).toEqual([])
    expect([await fingerprint(processExec()), mounts()]).toEqual(before)
  },
)

test('kill -9 of the tests takes their sandboxes along', async () => {
  const { mark, ended, kill } = started([process.execPath, '--input-type=module', '--eval', script('resumes')])
  const many = await settle(
    async () => marked(mark),
    (pids) => pids.length > 4,
    10_000,
  )
  expect(many.length).toBeGreaterThan(4)
  kill()
  await ended
  expect(await left(mark)).toEqual([])
})

test('what authors import does not depend on a test runner', () => {
  const text = readFileSync('dist/testing.js', 'utf8')
  expect([...text.matchAll(/require\("([^".][^"]*)"\)/g)].map(([, name]) => name)).toEqual(
    expect.arrayContaining(['node:assert/strict']),
  )
  expect(text).not.toMatch(/vitest|node:test/)
})

test('nsnet/net and nsnet/testing have the modules that nsnet has', async () => {
  const code = `
    import * as nsnet from 'nsnet'
    import * as net from 'nsnet/net'
    import * as testing from 'nsnet/testing'
    const same = Object.keys(nsnet).filter((name) => name in net)
    console.log(JSON.stringify([same.length > 10, same.filter((name) => nsnet[name] !== net[name]), Object.keys(testing)]))
  `
  const stdout = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })
  expect(JSON.parse(stdout)).toEqual([true, [], ['ContractBroken', 'conforms', 'context', 'given', 'printed']])
})

const mounts = (): string => readFileSync('/proc/self/mounts', 'utf8')

let count = 0

/** Starts a command whose descendants are known by a mark in their environment. */
function started([file, ...args]: readonly string[]) {
  const mark = `NSNET_KIT_TEST=${process.pid}-${count++}`
  const [name, value] = mark.split('=') as [string, string]
  const child = execFile(file!, args, { cwd: '/', env: { ...process.env, [name]: value } })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.on('data', (text: string) => (said[stream] += text))
  const ended = new Promise<typeof said>((done) => child.on('close', () => done(said)))
  return { mark, ended, kill: () => child.kill('SIGKILL') }
}

/** Lists the processes that bear a mark. */
function marked(mark: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
    } catch {
      return false
    }
  })
}

/** Lists those that are left after a moment: the kernel takes one to end what was in a pid namespace. */
const left = (mark: string): Promise<readonly string[]> =>
  settle(
    async () => marked(mark),
    (pids) => pids.length === 0,
    3_000,
  )
