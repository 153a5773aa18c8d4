import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()
const netns = (name: string) => ({ id: name, uses: 'netns', with: { netns: name } })
const one = fileOf('one', netns('blue'))
const inside = fileOf('inside', { id: 'up', uses: 'link', with: { netns: 'blue', link: 'lo', state: 'up' } })
const several = fileOf('several', netns('red'), netns('green'))
const none = fileOf('none', { id: 'ttl', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: 64 } })

const isRoot = process.getuid?.() === 0

/** Whoever runs the tests, and (for root) an ordinary user too. */
const users: readonly (readonly [string, readonly string[]])[] = [
  ['the user who runs the tests', []],
  ...(isRoot
    ? [['an ordinary user', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']] as const]
    : []),
]

/** Runs a script in a sandbox in which `blue` is the netns of the latest run; gives what it printed on both streams. */
function sh(user: readonly string[], script: string): string {
  const head = `exec 2>&1 </dev/null; export SHELL=/bin/sh nsnet="node dist/nsnet.js"
    echo '{ "name": "one", "steps": [{ "id": "blue", "uses": "netns", "with": { "netns": "blue" } }] }' >/run/one.json
    $nsnet run /run/one.json -q >/dev/null
    until_there() { for i in $(seq 1000); do [ -e $1 ] && return; sleep 0.01; done; echo no $1; }`
  const argv = [...user, process.execPath, 'dist/nsnet.js', 'sandbox', '--', 'bash', '-c', `${head}\n${script}`]
  return spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8', timeout: 50_000 }).stdout
}

const itsOwn = `
  mkdir /etc/netns/blue; echo of blue >/etc/netns/blue/resolv.conf
  $nsnet exec blue -- sh -c 'ip netns identify; exit 7'; echo $?
  $nsnet exec last cat /etc/resolv.conf
  $nsnet exec last/blue ip --json link | head -c 2; echo
  echo 'ip netns identify; exit 5' | $nsnet exec last; echo $?
  $nsnet exec last -- sh -c 'kill -KILL $$'; echo $?`

const waits = 'echo >/run/ready; while :; do sleep 0.05; done'

const signals = `
  for signal in TERM HUP USR1 INT KILL; do
    rm -f /run/ready
    setsid $nsnet exec blue -- sh -c "echo \\$\\$ >/run/pid; trap 'exit 9' $signal; ${waits}" & it=$!
    until_there /run/ready; kill -$signal $it; wait $it 2>/dev/null; echo $signal $?
  done
  alive() { ps -o stat= -p $(cat /run/pid) | grep -q '^[^Z]'; }
  for i in $(seq 500); do alive || break; sleep 0.01; done
  alive && echo still there; rm /run/ready`

const stops = `sh -c 'trap \\"echo stopped; echo >/run/done; exit 3\\" INT; ${waits}'`

const terminal = `
  script -qec "exec $nsnet exec last -- sh -c 'test -t 0 && test -t 1 && ip netns identify; exit 4'" /dev/null; echo $?
  (until_there /run/ready; printf '\\003'; until_there /run/done) |
    script -qec "exec $nsnet exec last -- ${stops}" /dev/null; echo $?`

test.each(users)('gives a command the netns, its files, the terminal and all signals, for %s', (_, user) =>
  expect(sh(user, [itsOwn, signals, terminal].join('\necho --\n')).split('--\n')).toEqual([
    'blue\n7\nof blue\n[{\nblue\n5\n137\n',
    'TERM 9\nHUP 9\nUSR1 9\nINT 9\nKILL 137\n',
    'blue\r\n4\n^Cstopped\r\n3\n',
  ]),
)

test('the netns of a run is the very one that it made or works in, and of several the one that is named', async () => {
  const world = await sandboxed()
  await ranOne(world, one)
  const works = await ranOne(world, inside)
  const identify = ['--', 'ip', 'netns', 'identify'] as const
  expect(await world.nsnet('exec', works, ...identify)).toMatchObject({ stdout: 'blue\n' })
  const two = await ranOne(world, several)
  expect(await world.nsnet('exec', two, ...identify)).toMatchObject({
    exitCode: 64,
    stderr:
      `nsnet: expected one netns of run ${two}, got several; it works in red, green\n` +
      `  say which: nsnet exec ${two}/red -- COMMAND\n`,
  })
  expect(await world.nsnet('exec', `${two}/green`, ...identify)).toMatchObject({ stdout: 'green\n' })
  expect(await world.nsnet('exec', `${two}/blue`, ...identify)).toMatchObject({ exitCode: 64 })
  expect(await world.nsnet('exec', await ranOne(world, none), ...identify)).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('has none now'),
  })

  // not another of its name, unless the name itself is given
  const run = works
  await world.sh('ip netns delete blue')
  const command = ['--', 'echo', 'inside'] as const
  expect(await world.nsnet('exec', run, ...command)).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('found none of that name'),
  })
  await world.sh('ip netns add blue')
  expect(await world.nsnet('exec', run, ...command)).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('somebody made it anew\n  to enter it all the same: nsnet exec blue -- COMMAND'),
  })
  expect(await world.nsnet('exec', 'blue', ...command)).toMatchObject({ exitCode: 0, stdout: 'inside\n' })
  await world.sh(`ip netns add ${run}`)
  const { stdout } = await world.nsnet('exec', run, '--', 'ip', 'netns', 'identify')
  expect(stdout).toBe(`${run}\n`)
  await world.nsnet('undo', run, '--force')
  expect(await world.nsnet('exec', `${run}/blue`, ...command)).toMatchObject({ exitCode: 64 })
})

test('what cannot be run is told as shells tell it', async () => {
  const world = await sandboxed()
  await world.sh('ip netns add blue')
  for (const [program, exitCode, why] of [
    ['no-such-program', 127, 'there is no such program'],
    ['./no/such', 127, 'there is no such program'],
    ['./package.json', 126, 'it may not be run'],
  ] as const)
    expect(await world.nsnet('exec', 'blue', '--', program)).toMatchObject({
      exitCode,
      stderr: `nsnet: cannot run ${program}: ${why}\n`,
    })
  expect(await world.nsnet('exec', 'none', '--', 'true')).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('found neither under "none"\n  there is the netns blue'),
  })
  const user = ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', '--']
  const unprivileged = [...user, process.execPath, 'dist/nsnet.js', 'exec', 'blue', '--', 'true']
  expect(await world.exec({ argv: unprivileged })).toMatchObject({ exitCode: 77 })
})
