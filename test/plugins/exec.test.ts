import { describe, expect, test } from 'vitest'
import { show } from '../../core/command.ts'
import { probesOf } from '../../core/step.ts'
import exec from '../../plugins/exec.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given, printed } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'
import { mistakesIn } from '../support/workflow.ts'

const folder = { probe: ['test', '-d', '/run/lab'], apply: ['mkdir', '/run/lab'], undo: ['rmdir', '/run/lab'] }

const alias = {
  probe: ['cat', '/sys/class/net/lo/ifalias'],
  expect: 'lab\n',
  apply: { argv: ['tee', '/sys/class/net/lo/ifalias'], stdin: 'lab' },
  undo: { argv: ['tee', '/sys/class/net/lo/ifalias'], stdin: '@before' },
}

const asked = (input: unknown): readonly string[] => probesOf(exec, given(exec, input).input, context).map(show)

describe('by exit codes', () => {
  test('is done when the probe ends with 0', () =>
    given(exec, folder).seeing({ exitCode: 0, stdout: 'x' }).isSatisfied())

  test('is to be done when it ends with another of its codes', () =>
    given(exec, folder)
      .seeing({ exitCode: 1, stdout: '' })
      .plans({ apply: ['mkdir /run/lab'], undo: ['rmdir /run/lab'] }))

  test('takes 0 and 1 for an answer unless it is told more', () => {
    expect(probesOf(exec, given(exec, folder).input, context)).toEqual([{ argv: folder.probe, okExits: [0, 1] }])
    const more = {
      ...folder,
      probe: { argv: ['systemctl', 'is-active', 'lab'], okExits: [0, 3], timeout: 2 },
      timeout: 9,
    }
    const { input } = given(exec, more)
    expect(probesOf(exec, input, context)).toEqual([{ argv: more.probe.argv, okExits: [0, 3], timeoutMs: 2000 }])
    expect(exec.plan(input, { exitCode: 3, stdout: '' }, context)).toMatchObject({ apply: [{ timeoutMs: 9000 }] })
  })

  test('is undone when the code is as before, whatever else the probe prints', () => {
    const { input } = given(exec, folder)
    const back = (code: number): unknown =>
      exec.undo!(input, { exitCode: 1, stdout: 'a' }, { exitCode: code, stdout: 'b' }, context)
    expect([back(1), back(0), back(2)]).toMatchObject([[], [{ argv: folder.undo }], [{ argv: folder.undo }]])
  })
})

describe('by what the probe prints', () => {
  test('is done when that is expected, white space at the end aside', () => {
    given(exec, alias).seeing({ exitCode: 0, stdout: 'lab' }).isSatisfied()
    expect(given(exec, alias).observes('lab \n')).toEqual({ exitCode: 0, stdout: 'lab' })
  })

  test('puts what was printed before into the way back, and nothing else', () => {
    const words = { ...alias, undo: ['set', '@before', 'a=@before', '@before.x', 'a@before'] }
    given(exec, words)
      .seeing({ exitCode: 0, stdout: `it's $& old` })
      .plans({
        apply: [`tee /sys/class/net/lo/ifalias <<'EOF'\nlab\nEOF`],
        undo: [`set 'it'\\''s $& old' 'a=it'\\''s $& old' @before.x a@before`],
      })
    const { input } = given(exec, alias)
    expect(exec.undo!(input, { exitCode: 0, stdout: 'old' }, { exitCode: 0, stdout: 'lab' }, context)).toEqual([
      { argv: ['tee', '/sys/class/net/lo/ifalias'], stdin: 'old' },
    ])
  })

  test('remembers what was there first when it was stopped half-way', () => {
    const before = { exitCode: 0, stdout: 'first' }
    const plan = exec.plan(given(exec, alias).input, { exitCode: 0, stdout: 'half' }, { ...context, before })
    expect(plan).toMatchObject({ undo: [{ stdin: 'first' }] })
  })

  test('says what it changes, and what others did', () => {
    const { input } = given(exec, alias)
    const [is, was] = [
      { exitCode: 0, stdout: 'lab' },
      { exitCode: 0, stdout: 'x' },
    ]
    expect(exec.changes!(input, was)).toEqual([{ what: 'cat /sys/class/net/lo/ifalias', from: 'x', to: 'lab' }])
    expect(exec.drift!(input, is, was, context)).toBe('its probe prints "x"')
    expect(exec.drift!(input, undefined, was, context)).toBeUndefined()
    expect(exec.drift!(given(exec, folder).input, is, { exitCode: 1, stdout: '' }, context)).toBe(
      'its probe ends with exit code 1',
    )
  })
})

test('in a netns, with variables, it is the netns that is asked for, too', () => {
  const input = { ...folder, netns: 'blue', env: { A: '1', B: 'x y' } }
  expect(asked(input)).toEqual([
    `ip netns exec blue env A=1 'B=x y' test -d /run/lab`,
    'ip -n blue -json -details address show',
  ])
  expect(exec.resources(given(exec, { ...input, uses: ['netns:blue', 'link:blue/x'] }).input)).toEqual({
    creates: [],
    uses: ['netns:blue', 'link:blue/x'],
    shares: [],
  })
  // what is not run, for the netns is not there, has ended with 0 and printed nothing
  expect(given(exec, input).observes('', '')).toEqual({ exitCode: null, stdout: '' })
  given(exec, input)
    .seeing({ exitCode: null, stdout: '' })
    .plans({
      apply: [`ip netns exec blue env A=1 'B=x y' mkdir /run/lab`],
      undo: [`ip netns exec blue env A=1 'B=x y' rmdir /run/lab`],
    })
})

test('an answer that is too long is refused', () =>
  expect(() =>
    exec.observe(printed('x'.repeat(65_537)), given(exec, folder).input, { ...context, outputs: [] }),
  ).toThrow('expected at most 65536 characters, got 65537'))

test('what could not be put back into the words of the way back is a conflict', async () => {
  const kernel = await privateKernel()
  const text = {
    probe: ['cat', '/run/text'],
    expect: 'new',
    apply: { argv: ['tee', '/run/text'], stdin: 'new' },
    undo: { argv: ['tee', '/run/text'], stdin: '@before' },
  }
  for (const bytes of ['a\\377b', 'a\\000b']) {
    await kernel.exec({ argv: ['sh', '-c', `printf '${bytes}' >/run/text`] })
    const plan = await on(kernel, exec, text).plan()
    expect(plan.conflict).toBe('what cat /run/text printed could not be put back: it is no text of UTF-8 without NUL')
    expect(await on(kernel, exec, { ...text, undo: ['rm', '/run/text'] }).plan()).toMatchObject({ apply: [{}] })
  }
})

test.each([
  [
    { probe: undefined },
    '/with/probe: expected a field "probe" (a command that tells whether it holds (what cannot be observed cannot be undone safely)',
  ],
  [{ undo: undefined }, '/with/undo: expected a field "undo" (a command that takes it back: a list of words'],
  [{ apply: 'mkdir /run/lab' }, '/with/apply: expected a command that makes it so: a list of words, or {'],
  [{ apply: [] }, '/with/apply: expected a command that makes it so: a list of words, or {'],
  [
    { apply: ['./lab.sh'] },
    '/with/apply/0: expected the name of a program or its absolute path (a run goes on from any folder)',
  ],
  [{ apply: ['mkdir', 7] }, '/with/apply: expected a command that makes it so: a list of words, or {'],
  [{ apply: { argv: ['mkdir'], stdn: '' } }, 'expected a known field, got "stdn" (did you mean "stdin"?)'],
  [{ apply: { argv: ['mkdir'], timeout: 0 } }, '/with/apply/timeout: expected at least 0.1, got 0'],
  [{ undo: { argv: ['tee', '/run/a'], stdin: '@before\n' } }, '/with/undo: expected "expect" where "@before" stands'],
  [{ undo: ['rmdir', '@before'] }, '/with/undo: expected "expect" where "@before" stands'],
  [{ env: { 'A=B': 'x' } }, 'expected the name of a variable'],
  [{ uses: ['eth0'] }, '/with/uses/0: expected a key such as "netns:blue" or "link:host/eth0", got "eth0"'],
])('refuses %j', async (part, message) => {
  const steps = [{ id: 'a', uses: 'exec', with: { ...folder, ...part } }]
  expect((await mistakesIn(JSON.stringify({ name: 'lab', steps }))).join('\n')).toContain(message)
})

test('on a real kernel it holds when it is applied, and is undone exactly', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip link set dev lo alias old')
  await conforms(kernel, exec, {
    // not below /sys: that shows the links of the machine
    probe: ['sh', '-c', "ip link show dev lo | sed -n 's/.*alias //p'"],
    expect: 'lab',
    apply: { argv: ['ip', '-batch', '-'], stdin: 'link set dev lo alias lab\n' },
    undo: ['ip', 'link', 'set', 'dev', 'lo', 'alias', '@before'],
  })
  await kernel.sh('ip netns add blue')
  await conforms(kernel, exec, {
    netns: 'blue',
    probe: ['sh', '-c', 'ip link show dev lo | grep -q "alias $WORD"'],
    apply: ['ip', 'link', 'set', 'dev', 'lo', 'alias', 'there'],
    undo: ['ip', 'link', 'set', 'dev', 'lo', 'alias', ''],
    env: { WORD: 'there' },
  })
  const it = on(kernel, exec, folder)
  expect(await it.apply()).toEqual({ exitCode: 1, stdout: '' })
  expect(await kernel.sh('ls -d /run/lab')).toBe('/run/lab\n')
  await it.undo({ exitCode: 1, stdout: '' })
  await expect(kernel.sh('ls -d /run/lab')).rejects.toThrow('No such file')
})
