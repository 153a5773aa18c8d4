import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { spied, type Spied } from '../support/spied.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-secrets-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The values of the secrets: as the kernel writes a key, with what has to be quoted, and plain text. */
const secrets = {
  cookie: '0a1b2c3d-4e5f6071-8293a4b5-c6d7e8f9',
  word: `it's a \\hidden\\ $word`,
  phrase: 'tell nobody 42',
}

const steps = [
  { id: 'cookie', uses: 'sysctl', with: { key: 'net.ipv4.tcp_fastopen_key', value: '${{ inputs.cookie }}' } },
  { id: 'literal', uses: 'link', with: { link: 'lo', alias: '«secret:word» is a text' } },
  { id: 'alias', uses: 'link', with: { link: 'enp1s0', alias: 'for ${{ inputs.word }}' } },
  {
    id: 'rule',
    uses: 'iptables',
    with: {
      chain: 'INPUT',
      rule: ['-m', 'string', '--algo', 'bm', '--string', '${{ inputs.word }}', '-j', 'DROP'],
    },
  },
  {
    id: 'table',
    uses: 'nftables',
    with: { ruleset: ['table inet lab {', 'chain c {', 'log prefix "${{ inputs.phrase }}"', '}', '}'] },
  },
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'file', uses: 'file', with: { path: '/etc/netns/blue/key', content: '# ${{ inputs.word }}', mode: '0600' } },
  {
    id: 'inside',
    uses: 'sysctl',
    with: { netns: 'blue', key: 'net.ipv4.tcp_fastopen_key', value: '${{ steps.cookie.outputs.value }}' },
  },
]

const inputs = { cookie: { secret: true }, word: { secret: true }, phrase: { secret: true } }

function fileOf(name: string, content: unknown): string {
  const path = join(dir, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

const workflow = fileOf('lab.json', { name: 'lab', inputs, steps })
const values = fileOf('values.json', secrets)

/** Expects that no secret stands in anything that nsnet printed, wrote or ran, in none of its writings. */
function expectNoTrace({ traces }: Spied): void {
  const all = traces()
  expect(all.length).toBeGreaterThan(1000)
  const { cookie, word, phrase } = secrets
  const pieces = [cookie, 'c6d7e8f9', word, 'hidden\\', 's a \\', phrase, 'nobody', word.slice(0, 8)]
  const written = pieces.flatMap((it) => [
    it,
    it.toUpperCase(),
    JSON.stringify(it).slice(1, -1),
    it.replaceAll("'", "'\\''"),
  ])
  const encoded = [cookie, word, phrase].flatMap((it) => [
    Buffer.from(it).toString('hex'),
    Buffer.from(it).toString('base64'),
    // as it stands behind "# " in a file
    Buffer.from(it.slice(1)).toString('base64').slice(0, -4),
  ])
  expect([...written, ...encoded].filter((text) => all.includes(text))).toEqual([])
}

async function expectInKernel({ sh, exec }: Spied): Promise<void> {
  expect(await sh('sysctl -n net.ipv4.tcp_fastopen_key')).toBe(`${secrets.cookie}\n`)
  expect(await sh('ip netns exec blue sysctl -n net.ipv4.tcp_fastopen_key')).toBe(`${secrets.cookie}\n`)
  const [link] = JSON.parse(await sh('ip -json link show dev enp1s0')) as readonly { readonly ifalias: string }[]
  expect(link!.ifalias).toBe(`for ${secrets.word}`)
  expect(await sh('ip link show dev lo')).toContain('alias «secret:word» is a text\n')
  expect(await sh('nft list table inet lab')).toContain(`log prefix "${secrets.phrase}"`)
  const file = await exec({ argv: ['cat', '/etc/netns/blue/key'] })
  expect(file.stdout).toBe(`# ${secrets.word}`)
  const rule = ['INPUT', '-m', 'string', '--algo', 'bm', '--string', secrets.word, '-j', 'DROP']
  const comment = /nsnet:\w+\/rule:\w+/.exec(await sh('iptables-nft-save'))![0]
  const check = ['iptables-nft', '-C', ...rule, '-m', 'comment', '--comment', comment]
  expect(await exec({ argv: check })).toMatchObject({ exitCode: 0 })
}

describe('a run with secrets', () => {
  test('gives them to the kernel and to nobody else: no file, no screen, no process list', async () => {
    const world = await spied()
    const before = await fingerprint(world.exec)
    expect(await world.nsnetWith(secrets, 'validate', workflow, '--json')).toMatchObject({ exitCode: 0 })
    expect(await world.nsnetWith(secrets, 'run', workflow, '-v')).toMatchObject({ exitCode: 0 })
    await expectInKernel(world)

    for (const args of [
      ['list', '--json'],
      ['show', 'last', '-v'],
      ['show', 'last', '--json'],
      ['log', 'last'],
      ['log', 'last', '--json'],
      ['log', 'last', '-v'],
    ])
      expect(await world.nsnet(...args)).toMatchObject({ exitCode: 0 })
    expect((await world.nsnet('show', 'last', '-v')).stdout).toContain('«secret:word»')
    // the same once more is satisfied, and says so to a program
    const again = await world.nsnet('run', workflow, '--json', '--set-file', values)
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('StepApplied') })

    expect(world.commands()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^sysctl -q -p - $/),
        expect.stringMatching(/^ip -batch - $/),
        expect.stringMatching(/^iptables-nft-restore --noflush -w 5 $/),
      ]),
    )
    const [, first] = JSON.parse((await world.nsnet('list', '--json')).stdout) as readonly { readonly id: string }[]
    expect(await world.nsnetWith(secrets, 'undo', first!.id, '-v', '--progress', 'json')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('{"progress":{"doing":"run"'),
    })
    expect(await fingerprint(world.exec)).toEqual(before)
    expectNoTrace(world)
  })

  test('tells nothing when a step fails with what the tool says of it', async () => {
    const world = await spied()
    const bad = fileOf('bad.json', {
      name: 'bad',
      inputs,
      steps: [
        { id: 'cookie', uses: 'sysctl', with: { key: 'net.ipv4.tcp_fastopen_key', value: '${{ inputs.word }}' } },
      ],
    })
    const broken = fileOf('broken.json', {
      name: 'broken',
      inputs,
      steps: [
        {
          id: 'table',
          uses: 'nftables',
          with: { ruleset: ['table inet lab {', 'chain c {', 'log nonsense "${{ inputs.phrase }}"', '}', '}'] },
        },
        {
          id: 'rule',
          uses: 'iptables',
          with: { chain: 'INPUT', rule: ['-m', 'nonsense', '--x', '${{ inputs.word }}'] },
        },
      ],
    })
    for (const path of [bad, broken]) {
      const { exitCode, stderr } = await world.nsnetWith(secrets, 'run', path, '-v')
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/command .*«secret:|<<'EOF'/) })
      expect(await world.nsnet('show', 'last', '--json')).toMatchObject({ exitCode: 0 })
    }
    expect(await world.nsnetWith(secrets, 'run', broken, '--json')).toMatchObject({ exitCode: 1 })
    expectNoTrace(world)
  })
})

/** A workflow with a step of a plugin that has these functions; `tell` throws with its argument. */
function withPlugin(name: string, validate: string, plan: string): string {
  writeFileSync(
    join(dir, `${name}.mjs`),
    `const tell = (value) => { throw new Error('cannot take ' + value.slice(0, -1) + '…') }
     export default { type: 'mine', input: { '~standard': { version: 1, vendor: 'x', validate: ${validate} } },
       resources: () => ({}), probe: () => ({ argv: ['true'] }), observe: () => ({}), plan: ${plan} }`,
  )
  const mine = [{ id: 'mine', uses: 'mine', with: { word: '${{ inputs.word }}' } }]
  return fileOf(`${name}.json`, { name, plugins: [`./${name}.mjs`], inputs: { word: { secret: true } }, steps: mine })
}

test('what a plugin throws with its secret input does not tell it', async () => {
  const world = await spied()
  const early = withPlugin('early', '({ word }) => tell(word)', '() => ({ apply: [], undo: [] })')
  const late = withPlugin('late', '(value) => ({ value })', '({ word }) => tell(word)')
  for (const [path, code] of [
    [early, 65],
    [late, 1],
  ] as const) {
    const { exitCode, stderr } = await world.nsnetWith({ word: secrets.word }, 'run', path)
    expect({ exitCode, stderr }).toEqual({
      exitCode: code,
      stderr: expect.stringContaining('cannot take «part of secret:word»…'),
    })
  }
  expectNoTrace(world)
})

/** A workflow that sets the key to its only input, a secret. */
const sharing = (name: string): string =>
  fileOf(`${name}.json`, {
    name,
    inputs: { [name]: { secret: true } },
    steps: [{ id: 'key', uses: 'sysctl', with: { key: 'net.ipv4.tcp_fastopen_key', value: `\${{ inputs.${name} }}` } }],
  })

test('a secret value that another run needs too is kept for it, and goes with the last of them', async () => {
  const world = await spied()
  const before = await fingerprint(world.exec)
  const [mine, yours] = ['0a1b2c3d-00000000-00000000-00000001', '0a1b2c3d-00000000-00000000-00000002']
  expect(await world.nsnetWith({ mine }, 'run', sharing('mine'))).toMatchObject({ exitCode: 0 })
  const [first] = JSON.parse((await world.nsnet('list', '--json')).stdout) as readonly { readonly id: string }[]
  expect(await world.nsnetWith({ yours }, 'run', sharing('yours'))).toMatchObject({ exitCode: 0 })
  const kept = await world.nsnetWith({ mine }, 'undo', first!.id)
  expect(kept.stderr).toMatch(/kept +key +[\d.]+ ms +run \w+ needs it too/)
  expect(await world.sh('sysctl -n net.ipv4.tcp_fastopen_key')).toBe(`${yours}\n`)
  expect(await world.nsnetWith({ mine, yours }, 'undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

/** Starts nsnet and ends it with SIGKILL as soon as the journal has this many lines. */
async function killedAfter({ exec, environment, state }: Spied, lines: number): Promise<void> {
  const script = `
    node dist/nsnet.js run ${workflow} --set-file ${values} >/dev/null 2>&1 & nsnet=$!
    while kill -0 $nsnet 2>/dev/null && [ "$(cat ${state}/runs/*.jsonl 2>/dev/null | wc -l)" -lt ${lines} ]; do :; done
    kill -9 $nsnet; wait $nsnet; true`
  const { exitCode, stderr } = await exec({ argv: [...environment, 'sh', '-c', script] })
  if (exitCode !== 0) throw new Error(stderr)
}

const journal = (state: string): string =>
  readdirSync(join(state, 'runs'))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(state, 'runs', name), 'utf8'))
    .join('')

describe('a run that was killed', () => {
  test.each([2, 6, 12])('when its journal had %i lines goes on with its secrets', async (lines) => {
    const world = await spied()
    const before = await fingerprint(world.exec)
    await killedAfter(world, lines)
    expect(await world.nsnetWith(secrets, 'resume', '-v')).toMatchObject({ exitCode: 0 })
    await expectInKernel(world)
    expect((await world.sh('iptables-nft-save')).match(/nsnet:/g)).toHaveLength(1)
    expect(await world.nsnetWith(secrets, 'undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
    expectNoTrace(world)
  })

  test('does not go on without them, or with others, and says what to do; nothing is changed', async () => {
    const world = await spied()
    await killedAfter(world, 6)
    const [left, written] = [await fingerprint(world.exec), journal(world.state)]
    const refused = async (inputsGiven: { readonly [name: string]: string }, message: RegExp): Promise<void> => {
      const { exitCode, stderr } = await world.nsnetWith(inputsGiven, 'resume')
      expect({ exitCode, stderr }).toEqual({ exitCode: 64, stderr: expect.stringMatching(message) })
      expect(stderr).toMatch(/--set-file FILE.*NSNET_INPUT_/)
    }
    await refused({}, /secret input "cookie", "word", "phrase" of run \w+, got nothing/)
    await refused({ cookie: secrets.cookie, phrase: secrets.phrase }, /secret input "word" of run/)
    await refused({ ...secrets, word: 'another word' }, /secret input "word" with the value that run \w+ began with/)
    expect(await fingerprint(world.exec)).toEqual(left)
    expect(journal(world.state)).toBe(written)
    expect(await world.nsnet('resume', '--set-file', values)).toMatchObject({ exitCode: 0 })
    await expectInKernel(world)
    expectNoTrace(world)
  })
})

describe('undo without the secrets', () => {
  test('takes back what needs none, keeps the rest, says what to do, and goes on with them', async () => {
    const world = await spied()
    const before = await fingerprint(world.exec)
    expect(await world.nsnetWith(secrets, 'run', workflow)).toMatchObject({ exitCode: 0 })
    const { exitCode, stderr } = await world.nsnet('undo')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/undone +blue[^]*undone +literal/)
    for (const id of ['cookie', 'alias', 'rule', 'table'])
      expect(stderr).toMatch(new RegExp(`undo failed ${id} +expected the secret input`))
    expect(stderr).toMatch(
      /hint +give it by --set-file FILE, or in the environment as NSNET_INPUT_word, then: nsnet undo \w+/,
    )
    expect(await world.sh('sysctl -n net.ipv4.tcp_fastopen_key')).toBe(`${secrets.cookie}\n`)

    // what was inside a netns that is gone needs no secret any more
    expect((await world.nsnetWith({ word: secrets.word }, 'undo')).stderr).toMatch(/gone +inside[^]*undone +alias/)
    expect(await world.nsnetWith({ ...secrets, phrase: 'another one' }, 'undo')).toMatchObject({ exitCode: 64 })
    expect(await world.nsnet('undo', '--set-file', values)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
    expectNoTrace(world)
  })

  test('with the secrets leaves what somebody has changed since', async () => {
    const world = await spied()
    expect(await world.nsnetWith(secrets, 'run', workflow)).toMatchObject({ exitCode: 0 })
    await world.sh('sysctl -q -w net.ipv4.tcp_fastopen_key=00000000-00000000-00000000-00000007')
    expect(await world.nsnetWith(secrets, 'undo')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/kept +cookie .*somebody changed it since/),
    })
    expect(await world.sh('sysctl -n net.ipv4.tcp_fastopen_key')).toMatch(/0007$/m)
  })

  test('happens by --on-failure with the secrets of the run', async () => {
    const world = await spied()
    const before = await fingerprint(world.exec)
    const failing = [...steps, { id: 'bad', uses: 'route', with: { to: 'default', via: '10.9.9.9', metric: 7 } }]
    const path = fileOf('failing.json', { name: 'failing', inputs, steps: failing })
    expect(await world.nsnetWith(secrets, 'run', path, '--on-failure', 'undo')).toMatchObject({ exitCode: 1 })
    expect(await fingerprint(world.exec)).toEqual(before)
    expectNoTrace(world)
  })
})

describe('a secret on the command line', () => {
  test('is refused, and so is one that is missing; both say how to give it', async () => {
    const world = await spied()
    const given = await world.nsnet('validate', workflow, '--set', `word=${secrets.word}`)
    expect(given).toMatchObject({ exitCode: 64, stderr: expect.stringMatching(/"word" not on the command line/) })
    expect(given.stderr).toMatch(/--set-file FILE, or in the environment as NSNET_INPUT_word/)
    expect((await world.nsnetWith(secrets, 'run', workflow, '--set', 'word=x')).exitCode).toBe(64)
    const missing = await world.nsnet('run', workflow)
    expect(missing).toMatchObject({ exitCode: 65, stderr: expect.stringMatching(/NSNET_INPUT_phrase/) })
  })

  test('is not told when the file with it cannot be read', async () => {
    const world = await spied()
    const texts = [
      `{ "word": "tell nobody 42" "x" }`,
      `["tell nobody 42"]`,
      `{ "word": tell nobody 42 }`,
      '"tell nobody 42',
    ]
    for (const text of texts) {
      for (const name of ['values.json', 'values.yaml']) {
        const path = join(dir, `bad-${name}`)
        writeFileSync(path, text)
        const { exitCode, stderr, stdout } = await world.nsnet('run', workflow, '--set-file', path)
        expect({ exitCode: exitCode > 63, told: /nobody/.test(stderr + stdout) }).toEqual({
          exitCode: true,
          told: false,
        })
      }
    }
  })
})
