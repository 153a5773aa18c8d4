/** What a new workflow is made of. */
export interface NewWorkflow {
  readonly name: string
  readonly kind: Kind
  /** The netns that it makes, one or two. */
  readonly netns: readonly string[]
  /** The network of its links. */
  readonly prefix: string
}

export type Kind = keyof typeof kinds

/** What can be begun with, in words. */
export const kinds = {
  internet: 'a netns with internet access',
  cable: 'two netns on a cable',
  empty: 'nothing yet',
} as const

/** Writes a workflow; `internet` is the shipped one, whose inputs get other defaults. */
export function workflowText({ name, kind, netns, prefix }: NewWorkflow, internet: string): string {
  const made = {
    empty: () => ({ name, description: '', steps: [] }),
    cable: () => cable(name, netns, prefix),
    internet: () => withDefaults(name, netns[0]!, prefix, internet),
  }
  return `${JSON.stringify(made[kind](), null, 2)}\n`
}

function withDefaults(name: string, netns: string, prefix: string, internet: string): object {
  const { $schema: _, inputs, ...rest } = JSON.parse(internet) as Shipped
  const given = { netns, prefix }
  const changed = Object.entries(given).map(([key, value]) => [key, { ...inputs[key], default: value }])
  return { ...rest, name, inputs: { ...inputs, ...(Object.fromEntries(changed) as object) } }
}

interface Shipped {
  readonly $schema: string
  readonly inputs: { readonly [name: string]: object }
}

/** Two netns, each with an end of a veth pair, that reach one another. */
function cable(name: string, [left = '', right = '']: readonly string[], prefix: string): object {
  const ends = [
    { id: 'left', netns: '${{ inputs.left }}', link: 'eth0', number: 1 },
    { id: 'right', netns: '${{ inputs.right }}', link: 'eth0', number: 2 },
  ]
  const [one, two] = ends.map(({ netns, link }) => ({ name: link, netns }))
  return {
    name,
    description: 'Two netns on a cable.',
    inputs: {
      left: { default: left, description: 'name of one netns' },
      right: { default: right, description: 'name of the other netns' },
      prefix: { default: prefix, description: 'network of the cable' },
    },
    steps: [
      ...ends.map(({ id, netns }) => ({ id, uses: 'netns', with: { netns } })),
      { id: 'cable', uses: 'veth', with: { ...one, peer: two } },
      ...ends.flatMap(({ id, netns, link, number }) => [
        {
          id: `${id}-address`,
          uses: 'addr',
          with: { netns, link, address: `\${{ address(inputs.prefix, ${number}) }}` },
        },
        { id: `${id}-up`, uses: 'link', with: { netns, link, state: 'up' } },
      ]),
      { id: 'works', uses: 'check', with: { netns: '${{ inputs.left }}', ping: '${{ cidrhost(inputs.prefix, 2) }}' } },
    ],
  }
}
