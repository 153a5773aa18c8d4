import { instance } from '@viz-js/viz'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { dotOf } from '../../cli/graph/dot.ts'
import { graphOf } from '../../cli/graph/graphviz.ts'
import { edgesOf } from '../../cli/graph/edges.ts'
import { jsonOf } from '../../cli/graph/json.ts'
import { mermaidOf } from '../../cli/graph/mermaid.ts'
import type { Topology } from '../../cli/graph/model.ts'
import { svgOf } from '../../cli/graph/svg.ts'
import { textOf } from '../../cli/graph/text.ts'
import { topologyOf, type DrawnStep } from '../../cli/graph/topology.ts'
import type { Sketch, SketchedLink } from '../../core/sketch.ts'
import { expectGolden } from '../support/golden.ts'
import { drawn, sketched } from '../support/topology.ts'
import { xmlMistake } from '../support/xml.ts'

const unpainted = (_: string, text: string): string => text

const text = (topology: Topology, ascii = false, wide = 80): string =>
  textOf(topology, { paint: unpainted, columns: wide, ascii })

const columns = (picture: string): number => Math.max(...picture.split('\n').map((line) => stringWidth(line)))

/** A host with a bridge and two netns behind it, one of them with a cable to the other. */
const bridged: readonly Sketch[] = [
  ...['red', 'blue'].flatMap((netns, at): readonly Sketch[] => [
    { draw: 'link', link: `v-${netns}`, kind: 'veth', master: 'br0', peer: { netns, link: 'eth0' } },
    { draw: 'link', netns, link: 'eth0', kind: 'veth', peer: { link: `v-${netns}` } },
    { draw: 'address', netns, link: 'eth0', address: `10.9.0.${at + 2}/24` },
    { draw: 'route', netns, to: 'default', via: '10.9.0.1' },
  ]),
  { draw: 'address', link: 'br0', address: '10.9.0.1/24' },
  { draw: 'address', link: 'br0', address: 'fd00:9::1/64' },
  { draw: 'link', netns: 'red', link: 'x0', kind: 'veth', note: 'mtu 1400', peer: { netns: 'blue', link: 'x1' } },
  { draw: 'route', to: '10.8.0.0/16', via: '10.9.0.2' },
  { draw: 'translation', kind: 'masquerade', link: 'enp1s0', of: '10.9.0.0/24' },
  { draw: 'translation', kind: 'dnat', link: 'enp1s0', of: 'tcp 8080', to: '10.9.0.2:80' },
  { draw: 'forwarding', family: 'ipv4' },
  { draw: 'check', netns: 'red', by: 'tcp', target: '10.9.0.3:80' },
]

/** The same in a run that stopped half-way, and in which somebody has changed an address and a route. */
function halfWay(): Topology {
  const drifted = new Map([
    ['s2', 'address 10.9.0.2/24: expected on eth0, found none'],
    ['s11', 'route 10.8.0.0/16: expected via 10.9.0.2, found via 10.9.0.3'],
  ])
  const steps = bridged.map((sketch, at): DrawnStep => ({
    id: `s${at}`,
    sketches: [sketch],
    pending: (at >= 4 && at < 8) || at > 12,
  }))
  return topologyOf(steps, { name: 'bridged', run: { id: 'r1', state: 'failed' }, uplink: 'enp1s0', drifted })
}

describe('golden pictures', () => {
  test.each(['internet', 'internet-nftables', 'two-namespaces'])('of workflows/%s.json', async (name) => {
    const topology = await drawn(readFileSync(`workflows/${name}.json`, 'utf8'))
    await expectGolden(`graph/${name}.txt`, text(topology))
    await expectGolden(`graph/${name}.mmd`, mermaidOf(topology))
    await expectGolden(`graph/${name}.dot`, dotOf(topology))
    expect(columns(text(topology))).toBeLessThanOrEqual(80)
  })

  test('of a bridge with several netns, whole and half-way, with and without lines', async () => {
    await expectGolden('graph/bridged.txt', text(sketched(...bridged)))
    await expectGolden('graph/half-way.txt', text(halfWay()))
    await expectGolden('graph/half-way-48.txt', text(halfWay(), false, 20))
    await expectGolden('graph/half-way.ascii.txt', text(halfWay(), true))
    await expectGolden('graph/half-way.mmd', mermaidOf(halfWay()))
    await expectGolden('graph/half-way.dot', dotOf(halfWay()))
    expect(text(halfWay(), true)).toMatch(/^[\n -~]*$/)
    expect(text(sketched())).toContain('nothing to draw')
  })
})

test('a link that drifted with what is on it says so once', () => {
  const whole = halfWay()
  const boxes = whole.boxes.map((box) => ({ ...box, links: box.links.map((it) => ({ ...it, drifted: true })) }))
  const before = text(whole).split('(drifted)').length
  const links = whole.boxes.flatMap((box) => box.links).filter(({ addresses }) => !addresses.some((it) => it.drifted))
  expect(text({ ...whole, boxes }).split('(drifted)')).toHaveLength(before + links.length)
})

test('what drifted is red, with the word beside it, in every format', async () => {
  const red: string[] = []
  const paint = (color: string, it: string): string => (color === 'red' && red.push(it.trim()), it)
  textOf(halfWay(), { paint, columns: 80, ascii: false })
  expect(red).toEqual([
    'eth0  10.9.0.2/24 (drifted)',
    '10.8.0.0/16 via 10.9.0.2',
    '(drifted)',
    'drifted  s2: address 10.9.0.2/24: expected on eth0, found none',
    'drifted  s11: route 10.8.0.0/16: expected via 10.9.0.2, found via 10.9.0.3',
  ])
  expect(await svgOf(halfWay())).toMatch(/fill="#cf222e">10\.9\.0\.2\/24 \(drifted\)</)
  expect(await svgOf(halfWay())).toMatch(/stroke="#cf222e"/)
  expect(dotOf(halfWay())).toContain('color="#cf222e"')
  expect(mermaidOf(halfWay())).toMatch(/linkStyle \d+ stroke:#cf222e/)
  expect(jsonOf(halfWay())).toContain('"drifted": true')
})

/** Names and texts that formats could take for their own, or that do not fit into them. */
const nasty = [
  '<b>&amp;"\'',
  '</font></td><script>alert(1)</script>',
  '"];end;%%{init: {}}%%',
  '-->|x|{{y}}((z))',
  '`md` **b** #35; 1. a',
  '1. list',
  '- list',
  'end',
  '\\N\\G\\"',
  '\x1b[31m\x07\x9b',
  'two\nlines\tand\r',
  '\u202eright\u2066',
  '\ud800\ufffe\u{1f9e8}',
  '網路名稱'.repeat(3),
  'e\u0301'.repeat(12),
  '«secret:key»',
  '_unknown0 240.0.3.1/24',
  '',
  ' ',
  'word '.repeat(60),
  'x'.repeat(10_000),
]

/** Sketches of all kinds, with any of these names everywhere. */
const sketches = fc.array(
  fc
    .tuple(
      fc.nat(7),
      fc.array(fc.constantFrom(...nasty, 'a', 'b', '10.0.0.1/24', '10.0.0.1', 'enp1s0'), {
        minLength: 5,
        maxLength: 5,
      }),
    )
    .map(([kind, [a = '', b = '', c = '', d = '', e = '']]): Sketch => {
      const netns = a.length % 3 === 0 ? undefined : a
      const all: readonly Sketch[] = [
        { draw: 'netns', netns: a },
        { draw: 'link', netns, link: b, kind: c, peer: { netns: d, link: e }, note: c },
        { draw: 'link', netns, link: b, master: c, ...(d.length % 2 === 0 ? { from: { netns: d } } : {}) },
        { draw: 'address', netns, link: b, address: c, ...(d.length % 2 === 0 ? { peer: d } : {}) },
        { draw: 'route', netns, to: b, via: c, dev: d },
        { draw: 'translation', netns, kind: c.length % 2 === 0 ? 'dnat' : 'masquerade', link: b, of: d, to: e },
        { draw: 'check', netns, by: 'tcp', target: b },
        { draw: 'note', netns, text: c },
      ]
      return all[kind]!
    }),
  { maxLength: 20 },
)

const marked = fc
  .tuple(sketches, fc.infiniteStream(fc.boolean()), fc.constantFrom(...nasty))
  .map(([all, coins, name]) =>
    topologyOf(
      all.map((sketch, at) => ({ id: `s${at}`, sketches: [sketch], pending: coins.next().value === true })),
      {
        name,
        run: { id: 'r1', state: 'failed' },
        uplink: 'enp1s0',
        drifted: new Map([
          ['s0', name],
          ['s3', name],
        ]),
      },
    ),
  )

const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe('whatever the names are', () => {
  test('text fits into the columns that there are, its frames are closed, and no control character is in it', () =>
    fc.assert(
      fc.property(marked, (topology) => {
        const picture = text(topology)
        expect(columns(picture)).toBeLessThanOrEqual(80)
        expect(picture).not.toMatch(CONTROL)
        const count = (corner: string): number => picture.split(corner).length
        expect([count('┐'), count('┘')]).toEqual([count('┌'), count('┌')])
        expect(columns(text(topology, true))).toBeLessThanOrEqual(80)
        expect(columns(text(topology, false, 50))).toBeLessThanOrEqual(50)
      }),
      { numRuns: 60 },
    ))

  test('Mermaid has nothing of the data outside of quotes, and inside of them nothing that it could take for its own', () =>
    fc.assert(
      fc.property(marked, (topology) => {
        const [, title, , , ...lines] = mermaidOf(topology).split('\n')
        expect(typeof JSON.parse(title!.replace(/^title: /, ''))).toBe('string')
        expect(mermaidOf(topology)).not.toMatch(CONTROL)
        for (const line of lines) {
          const labels = line.match(/"[^"]*"/g) ?? []
          for (const label of labels) {
            const plain = label.slice(1, -1).replace(/<br\/>|#\d+;/g, '')
            expect(plain).not.toMatch(/[<>{}[\]()|`*%#&"\\]|^(\d+\.|-) /)
          }
          const rest = line.replace(/"[^"]*"/g, '""')
          const isKnown =
            / {2}(( {2})?(subgraph box\d+\[""\]|(link|notes)\d+\[""\]|style (notes|link|box)\d+ [\w:,# -]+)|end|internet\(\[internet\]\)|%% drifted: [^{}<>"]*|\w+ (===|---|-\.-|-->|-\.->)(\|""\|)? \w+|linkStyle [\d,]+ [\w:,#]+)$/.test(
              rest,
            )
          expect({ line, isKnown }).toEqual({ line, isKnown: true })
        }
      }),
      { numRuns: 60 },
    ))

  test('SVG is well-formed and runs nothing, has every line, and dot is what Graphviz reads', async () => {
    const viz = await instance()
    await fc.assert(
      fc.asyncProperty(marked, async (topology) => {
        const svg = await svgOf(topology)
        expect(xmlMistake(svg)).toBeUndefined()
        expect(svg).not.toMatch(CONTROL)
        expect(svg).not.toMatch(/<(script|a|image|foreignObject)\b/)
        expect(svg.match(/class="edge"/g) ?? []).toHaveLength(edgesOf(topology).edges.length)
        // what Graphviz reads and writes anew, without laying it out
        const { status, errors } = viz.render(dotOf(topology), { format: 'canon' })
        const unusual = errors.filter(({ message }) => !message.includes('no value for width of non-ASCII'))
        expect({ status, unusual }).toEqual({ status: 'success', unusual: [] })
      }),
      { numRuns: 12 },
    )
  })

  test('JSON holds them as they are, but for what is not known', () => {
    const topology = sketched({ draw: 'note', text: '\x1b<b>' }, { draw: 'note', text: 'a _unknown0' })
    const { boxes } = JSON.parse(jsonOf(topology)) as Topology
    expect(boxes[0]!.notes.map(({ text: it }) => it)).toEqual(['\x1b<b>', 'a ?'])
  })
})

test('a line that Graphviz finds no way for goes across, and is not left out', async () => {
  const [plain, long] = ['<b>&amp;"\'', 'x'.repeat(10_000)]
  const link = (netns: string | undefined, peer: SketchedLink['peer']): Sketch => ({
    draw: 'link',
    netns,
    link: plain,
    kind: plain,
    note: plain,
    peer,
  })
  const topology = sketched(
    link(long, { netns: plain, link: plain }),
    link(undefined, { netns: long, link: '10.0.0.1' }),
    link('\u202eright\u2066', { netns: ' ', link: 'word '.repeat(60) }),
  )
  const around = (await instance()).render(graphOf(topology), { format: 'svg' })
  expect(around.errors.map(({ message }) => message).join()).toContain('lost')
  expect((await svgOf(topology)).match(/class="edge"/g)).toHaveLength(3)
})

test('what Graphviz would replace in labels stands in the picture as it is', async () => {
  const svg = await svgOf(sketched({ draw: 'link', link: '\\N\\G\\"', note: '\\\\N &amp; <b>' }))
  expect(svg).toContain('>\\N\\G\\&quot;</text>')
  expect(svg).toContain('>\\\\N &amp;amp; &lt;b&gt;</text>')
})

/** The parts of a picture, in whatever order they come. */
const partsOf = (svg: string): readonly string[] =>
  svg
    .split('\n')
    .filter((line) => /^<(path|text|polygon|ellipse)/.test(line))
    .toSorted()

test('dot draws the same as the objects that SVG is made of', async () => {
  const viz = await instance()
  const fromText = viz.renderString(dotOf(halfWay()), { format: 'svg' })
  const fromObjects = (await svgOf(halfWay())).replaceAll('Arial,Helvetica,sans-serif', 'Arial')
  expect(partsOf(fromText)).toEqual(partsOf(fromObjects))
  expect(partsOf(fromText).length).toBeGreaterThan(50)
})

test('docs/internet.svg is current: run "npm run docs" when it is not', async () => {
  const current = await svgOf(await drawn(readFileSync('workflows/internet.json', 'utf8')))
  expect(readFileSync('docs/internet.svg', 'utf8')).toBe(`${current}\n`)
})

test('the same picture comes out each time', async () => {
  expect(await svgOf(halfWay())).toBe(await svgOf(halfWay()))
})

test('a picture shows twelve lines of words in a box, and counts the others', () => {
  const topology = sketched(...Array.from({ length: 40 }, (_, at): Sketch => ({ draw: 'note', text: `rule ${at}` })))
  expect(text(topology)).toMatch(/rule 11 .*\n.*and 28 more/)
  expect(text(topology)).not.toContain('rule 12')
})

test('more links than Graphviz can lay out are refused, with another way', async () => {
  const many = sketched(...Array.from({ length: 2001 }, (_, at): Sketch => ({ draw: 'link', link: `l${at}` })))
  await expect(svgOf(many)).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--format dot') })
  expect(text(many).split('\n').length).toBeGreaterThan(2000)
})
