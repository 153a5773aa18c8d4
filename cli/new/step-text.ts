/** A step type that is to be written: its name, and whether in TypeScript. */
export interface NewStep {
  readonly name: string
  readonly typed: boolean
}

/** Names the file of a new step type. */
export const stepFile = ({ name, typed }: NewStep): string => `${name}.${typed ? 'ts' : 'mjs'}`

/** Writes a step type that works: it sets how many packets may wait in the queue of a link. */
export const stepText = (
  step: NewStep,
): string => `import { conflict, defineStep, inside, ip, keyIn, linkKey, linkName, netnsName, nothingToDo, z } from 'nsnet'

/**
 * Sets how many packets may wait in the queue of a link.
 *
 * @see ip-link(8)
 */
export default defineStep({
  type: '${step.name}',
  apiVersion: 1,
  summary: 'Sets how many packets may wait in the queue of a link.',

  // what a workflow says in "with"; editors and "nsnet steps" tell the descriptions
  input: z.strictObject({
    netns: netnsName.optional(),
    link: linkName.describe('the link whose queue it is'),
    packets: z.int().min(0).max(65_535).describe('how many packets may wait'),
  }),

  // what it makes ("creates"), needs ("uses") and changes in place, as others may too ("shares"): two steps that share a
  // thing are planned one after the other
  resources: ({ netns, link }) => ({
    uses: [...inside(netns), linkKey(netns, link)],
    shares: [keyIn('link', netns, link, 'txqueuelen')],
  }),

  // commands that look and change nothing; they list, so that what is not there is an empty answer
  probe: ({ netns }) => ip(netns, '-json', 'link', 'show'),

  // reads the answer into plain JSON: everything that applying the step changes
  observe({ stdout }, { link }) {
    const links${step.typed ? ': readonly { readonly ifname: string; readonly txqlen?: number }[]' : ''} = JSON.parse(stdout || '[]')
    return { packets: links.find(({ ifname }) => ifname === link)?.txqlen ?? null }
  },

  // compares it with what is asked for: what to do and how to take it back, nothing, or what stands in the way
  plan({ netns, link, packets }, now) {
    if (now.packets === null) return conflict(\`there is no link "\${link}"\`, 'ip link shows those that are there')
    if (now.packets === packets) return nothingToDo
    const set = (count${step.typed ? ': number' : ''}) => ip(netns, 'link', 'set', 'dev', link, 'txqueuelen', \`\${count}\`)
    return { apply: [set(packets)], undo: [set(now.packets)] }
  },

  // what that changes, for people
  changes: ({ link, packets }, now) => [{ what: \`\${link} txqueuelen\`, from: \`\${now.packets}\`, to: \`\${packets}\` }],
})
`

/** Writes the test of a new step type, for Node's own test runner. */
export const testText = (step: NewStep): string => `import { test } from 'node:test'
import { conforms, given } from 'nsnet/testing'
import step from './${stepFile(step)}'

const queue = given(step, { link: 'lo', packets: 500 })

test('sets the queue, and remembers how long it was', () =>
  queue.seeing({ packets: 1000 }).plans({
    apply: ['ip link set dev lo txqueuelen 500'],
    undo: ['ip link set dev lo txqueuelen 1000'],
  }))

test('has nothing to do when it is so already', () => queue.seeing({ packets: 500 }).isSatisfied())

test('says what is missing', () => queue.seeing({ packets: null }).conflicts('there is no link "lo"'))

// on a real kernel, in private namespaces: applied, undone, killed between any two commands, resumed
test('keeps the contract of steps', () =>
  conforms(step, [{ input: { link: 'lo', packets: 500 } }], { plugin: new URL('./${stepFile(step)}', import.meta.url) }))
`

/** Writes the page of a new step type. */
export const pageText = (step: NewStep, testCommand: string): string => `# ${step.name}

Sets how many packets may wait in the queue of a link.

| field | meaning |
|---|---|
| \`netns\` | the netns of the link; without it, the one that nsnet runs in |
| \`link\` | the link whose queue it is |
| \`packets\` | how many packets may wait, 0 to 65535 |

\`\`\`json
{
  "name": "queue",
  "plugins": ["./${stepFile(step)}"],
  "steps": [{ "id": "queue", "uses": "${step.name}", "with": { "link": "lo", "packets": 500 } }]
}
\`\`\`

Test it: \`${testCommand}\`.
${step.typed ? typesText(step) : ''}`

/** Says how the types of both files are checked; those of the test runner come with @types/node. */
const typesText = (step: NewStep): string => `
Check its types; those of an nsnet that is a clone are written by \`npm run build\` in it:

\`\`\`sh
npm install --save-dev typescript @types/node
npx tsc --noEmit --strict --skipLibCheck --module preserve --target es2023 --types node \\
  --allowImportingTsExtensions ${stepFile(step)} ${step.name}.test.ts
\`\`\`
`
