import { expect, test } from 'vitest'
import type { Command } from '../../core/command.ts'
import dns from '../../plugins/dns.ts'
import file from '../../plugins/file.ts'
import { copyOf } from '../../plugins/lib/file-state.ts'
import { on } from '../support/conforms.ts'
import { context, given, printed } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const path = '/run/lab/f'
const copy = copyOf(path, context)
const dirs = { '/run': { kind: 'd', empty: false }, '/run/lab': { kind: 'd', empty: false } }
const entry = { kind: 'f', mode: '640', owner: '7:8', names: 1, content: 'old' }
const seeing = (more: object, input: object = {}) =>
  given(file, { path, content: 'new\n', ...input }).seeing({
    files: [{ path, dirs, entry: null, copy: false, ...more }],
  })

test('writes a copy and puts it in its place, with the directories that are missing', () =>
  seeing({ dirs: { ...dirs, '/run/lab': null } }).plans({
    apply: [
      'mkdir -m 755 -- /run/lab',
      `install -m 644 -T -- /dev/null ${copy}`,
      `dd of=${copy} oflag=nofollow conv=fsync status=none <<'EOF'\nnew\nEOF`,
      `mv -fT -- ${copy} ${path}`,
    ],
    undo: [`rm -f -- ${copy}`, `rm -f -- ${path}`, 'rmdir --ignore-fail-on-non-empty -- /run/lab'],
  }))

const replacing = (content: string): readonly string[] => [
  `install -m 640 -o 7 -g 8 -T -- /dev/null ${copy}`,
  `dd of=${copy} oflag=nofollow conv=fsync status=none <<'EOF'\n${content}\nEOF`,
  `mv -fT -- ${copy} ${path}`,
]

test('keeps mode and owner of a file that is there, and puts its bytes back', () =>
  seeing({ entry }).plans({
    apply: replacing('new'),
    undo: replacing('old'),
  }))

test('sets nothing but the mode of a file with the content that is asked for', () => {
  seeing({ entry: { ...entry, content: 'new\n' } }).isSatisfied()
  expect(
    file.plan(
      given(file, { path, content: 'new\n', mode: '0600' }).input,
      { files: [{ path, dirs, entry: { ...entry, content: 'new\n' }, copy: false }] },
      context,
    ),
  ).toMatchObject({ apply: [{ argv: ['chmod', '600', '--', path] }] })
})

test('conflicts with what it could not put back', () => {
  seeing({ entry: { ...entry, kind: 'l', content: null } }).conflicts(
    `expected a file ${path}, or nothing, found a symbolic link`,
  )
  seeing({ entry: { ...entry, kind: 'd', content: null } }).conflicts('found a directory')
  seeing({ entry: { ...entry, names: 2 } }).conflicts('has 2 names (hard links)')
  seeing({ entry: { ...entry, content: null } }).conflicts('no text of UTF-8')
  seeing({ dirs: { ...dirs, '/run/lab': { kind: 'l', empty: false } } }).conflicts(
    'expected a directory /run/lab, found a symbolic link',
  )
})

test.each([
  ['relative/f', 'path'],
  ['/run/../etc/passwd', 'path'],
  ['/run//f', 'path'],
  ['/run/f/', 'path'],
  ['/proc/sys/net/ipv4/ip_forward', 'path'],
  ['/sys/x', 'path'],
  ['/dev/null', 'path'],
  ['/run/netns/blue', 'path'],
  ['/run/a\nb', 'path'],
])('refuses the path %j', (wrong, field) =>
  expect(file.input['~standard'].validate({ path: wrong, content: '' })).toMatchObject({ issues: [{ path: [field] }] }),
)

test.each([
  [{ content: 'x'.repeat(65_537) }, 'content'],
  [{ content: 'a\0b' }, 'content'],
  [{ content: '\ud800' }, 'content'],
  [{ content: '', mode: '4755' }, 'mode'],
  [{ content: '', mode: 644 }, 'mode'],
])('refuses a wrong %#', (more, field) =>
  expect(file.input['~standard'].validate({ path, ...more })).toMatchObject({ issues: [{ path: [field] }] }),
)

test('writes resolv.conf and hosts as their man pages have them', () => {
  const wanted = {
    netns: 'ns1',
    nameservers: ['192.0.2.1'],
    search: ['a.org', 'b'],
    options: ['rotate'],
    hosts: { '10.0.0.1': ['gw'] },
  }
  const nothing = {
    path: '/etc/netns/ns1/f',
    dirs: { '/etc': dirs['/run'], '/etc/netns': null, '/etc/netns/ns1': null },
    entry: null,
    copy: false,
  }
  const plan = dns.plan(given(dns, wanted).input, { files: [nothing, nothing] }, context)
  if (plan.conflict !== undefined) throw new Error(plan.conflict)
  expect(plan.apply.map(({ stdin = '' }) => stdin).filter((text) => text !== '')).toEqual([
    'search a.org b\nnameserver 192.0.2.1\noptions rotate\n',
    '127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.0.0.1 gw\n',
  ])
  expect(plan.apply.filter(({ argv }) => argv[0] === 'mkdir').map(({ argv }) => argv.at(-1))).toEqual([
    '/etc/netns',
    '/etc/netns/ns1',
  ])
})

test.each([
  [{}, 'nameservers'],
  [{ search: ['a'] }, 'nameservers'],
  [{ nameservers: ['example.org'] }, 'nameservers'],
  [{ nameservers: ['192.0.2.1'], options: ['rotate\nnameserver 192.0.2.2'] }, 'options'],
  [{ hosts: { '10.0.0.1': ['a b'] } }, 'hosts'],
])('refuses the names %j', (more, field) => {
  const { issues } = dns.input['~standard'].validate({ netns: 'ns1', ...more }) as {
    issues: readonly { path: readonly string[] }[]
  }
  expect(issues[0]!.path[0]).toBe(field)
})

test('tells what an earlier step of the run does to its way', () => {
  const { input } = given(file, { path: '/run/lab/a/f', content: '' })
  const state = { path: '/run/lab/a/f', dirs: { ...dirs, '/run/lab/a': null }, entry: null, copy: false }
  const after = (other: string) => {
    const earlier = given(file, { path: other, content: '' }).input
    return file.foretell!(
      input,
      { files: [state] },
      { ...context, uses: 'file', input: earlier, resources: file.resources(earlier) },
    )
  }
  expect(after('/run/lab/g')?.files[0]).toEqual(state)
  expect(after('/run/lab/a/g')?.files[0]!.dirs['/run/lab/a']).toEqual({ kind: 'd', empty: false })
  expect(after('/run/lab/a/f/g')).toEqual({ files: [{ ...state, dirs: expect.anything() }] })
  expect(after('/run/lab/a/f')).toBeUndefined()
  expect(after('/run/lab/a')).toBeUndefined()
})

/** Everything below a directory, with bytes, modes and owners. */
async function tree({ exec }: Kernel, dir: string): Promise<string> {
  const { stdout } = await exec({
    argv: ['find', dir, '-printf', '%p %y %m %U:%G %n %l\\n', '-type', 'f', '-exec', 'base64', '{}', ';'],
  })
  return stdout.split('\n').toSorted().join('\n')
}

/** A private kernel in which `/run/lab` is a directory with files of others. */
async function lab(): Promise<Kernel> {
  const kernel = await privateKernel()
  const script =
    'cd /run && mkdir lab && cd lab && printf "no end" >plain && chmod 604 plain && printf "\\377" >bytes && : >empty &&' +
    'printf "a * b [c]\\n" >"w*ld [x]" && ln -s plain link && mkdir dir && ln -s dir way && ln empty twin && ' +
    'head -c 65537 /dev/zero | tr "\\0" x >long && head -c 65536 /dev/zero | tr "\\0" y >fits && chown 1:2 fits || true'
  await kernel.exec({ argv: ['sh', '-c', script] })
  return kernel
}

test.each([
  { path: '/run/lab/new', content: 'é\n' },
  { path: '/run/lab/new', content: '', mode: '0600' },
  { path: '/run/lab/a/b/c', content: 'no end', mode: '0640' },
  { path: '/run/lab/plain', content: 'other\n' },
  { path: '/run/lab/plain', content: 'no end', mode: '0600' },
  { path: '/run/lab/w*ld [x]', content: "$(id) 'x' \\ \n" },
  { path: '/run/lab/a\u2028b/c\u2029d', content: 'é' },
  { path: '/run/lab/fits', content: 'z'.repeat(65_536), mode: '0644' },
])('conforms on the kernel: $path', async (input) => {
  const kernel = await lab()
  const before = await tree(kernel, '/run')
  const it = on(kernel, file, input)
  const seen = await it.apply()
  const { stdout } = await kernel.exec({ argv: ['cat', '--', input.path] })
  expect(stdout === input.content).toBe(true)
  expect(await tree(kernel, '/run')).not.toContain('.tmp')
  await it.undo(seen)
  expect(await tree(kernel, '/run')).toBe(before)
})

test('touches nothing that it could not put back', async () => {
  const kernel = await lab()
  const before = await tree(kernel, '/run')
  for (const [name, words] of [
    ['bytes', 'no text of UTF-8'],
    ['long', 'no text of UTF-8'],
    ['link', 'found a symbolic link'],
    ['dir', 'found a directory'],
    ['empty', '2 names'],
    ['way/f', 'found a symbolic link'],
    ['plain/f', 'expected a directory /run/lab/plain, found a file'],
  ])
    expect((await on(kernel, file, { path: `/run/lab/${name}`, content: 'x' }).plan()).conflict).toContain(words)
  expect(await tree(kernel, '/run')).toBe(before)
})

test('leaves what others put into its directories', async () => {
  const kernel = await lab()
  const before = await tree(kernel, '/run/lab')
  const it = on(kernel, file, { path: '/run/lab/a/b/c', content: 'x' })
  const seen = await it.apply()
  await kernel.sh('mkdir /run/lab/a/other')
  await it.undo(seen)
  expect(await tree(kernel, '/run/lab')).toContain('/run/lab/a/other d')
  expect(await tree(kernel, '/run/lab')).not.toContain('/run/lab/a/b')
  expect(file.rest!(given(file, { path: '/run/lab/a/b/c', content: 'x' }).input, seen, await it.observe())).toEqual([
    'file:host/run/lab/a',
  ])
  await kernel.sh('rmdir /run/lab/a/other')
  await it.undo(seen)
  expect(await tree(kernel, '/run/lab')).toBe(before)
})

test('takes nothing back through a symbolic link that somebody put on its way', async () => {
  const kernel = await lab()
  const it = on(kernel, file, { path: '/run/lab/dir/f', content: 'new' })
  await kernel.sh('cp /run/lab/plain /run/lab/dir/f')
  const before = await it.apply()
  await kernel.exec({ argv: ['sh', '-c', 'cd /run/lab && mkdir other && mv dir away && ln -s other dir'] })
  const seen = await tree(kernel, '/run/lab')
  await expect(it.undo(before)).rejects.toThrow('expected a directory /run/lab/dir, found a symbolic link')
  expect(await tree(kernel, '/run/lab')).toBe(seen)
  await kernel.exec({ argv: ['sh', '-c', 'cd /run/lab && rm dir && mv away dir'] })
  await it.undo(before)
  expect(await kernel.sh('cat /run/lab/dir/f')).toBe('no end')
})

test('writes through no link that somebody puts in the place of the copy meanwhile', async () => {
  const kernel = await lab()
  const { apply } = (await on(kernel, file, { path: '/run/lab/new', content: 'x' }).plan()) as {
    readonly apply: readonly Command[]
  }
  const [make, write] = apply
  await kernel.exec(make!)
  await kernel.sh(`ln -sf plain ${make!.argv.at(-1)}`)
  expect(await kernel.exec(write!)).toMatchObject({ exitCode: 1 })
  expect(await kernel.sh('cat /run/lab/plain')).toBe('no end')
})

test('killed between any two commands, it is finished, and taken back', async () => {
  const kernel = await lab()
  const before = await tree(kernel, '/run/lab')
  const input = { path: '/run/lab/a/b/c', content: 'x' }
  const { apply } = (await on(kernel, file, input).plan()) as { readonly apply: readonly Command[] }
  expect(apply).toHaveLength(5)
  for (let done = 0; done <= apply.length; done++)
    for (const goesOn of [true, false]) {
      const first = await on(kernel, file, input).observe()
      for (const command of apply.slice(0, done)) expect(await kernel.exec(command)).toMatchObject({ exitCode: 0 })
      const it = on(kernel, file, input, { ...context, before: first })
      if (goesOn) await it.apply()
      await it.undo(first)
      expect(await tree(kernel, '/run/lab')).toBe(before)
    }
})

test('does not take what it cannot read for nothing', () => {
  const input = given(file, { path, content: '' }).input
  expect(() =>
    file.observe(printed('find: nonsense'), input, { ...context, outputs: [printed('find: nonsense'), printed('')] }),
  ).toThrow('lines of')
})
