/** Above this, comparing costs more than advice is worth: letters of a name, and candidates. */
const MOST_LETTERS = 100
const MOST_CANDIDATES = 1000

/**
 * Finds what somebody who typed a name may have meant: the nearest candidate, at most a third of the letters away. Finds
 * nothing for a name of more than 100 letters or among more than 1000 candidates.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > MOST_LETTERS || candidates.length > MOST_CANDIDATES) return undefined
  const limit = Math.max(1, Math.floor(name.length / 3))
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > limit) continue
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase())
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { candidate, distance }
  }
  return best?.candidate
}

/** Asks whether somebody meant the nearest candidate, or the one that has another name elsewhere; else undefined. */
export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const near = nearest(name, candidates) ?? meant(name, candidates)
  return near === undefined ? undefined : `did you mean "${near}"?`
}

/** What nsnet has, by the names that terraform, containerlab, GitHub Actions, Ansible and ip(8) have for it. */
const elsewhere: { readonly [name: string]: string } = {
  forEach: 'for_each for-each foreach loop with_items matrix strategy',
  needs: 'depends_on depends-on dependson requires after',
  if: 'when condition',
  inputs: 'variables vars var parameters env',
  steps: 'jobs tasks resources',
  onFailure: 'continue-on-error ignore_errors',
  uses: 'type kind',
  with: 'args params',
  integer: 'int number',
  boolean: 'bool',
  list: 'array ls ps',
  string: 'text str',
  addr: 'address ip ipaddr',
  link: 'interface iface nic ifconfig',
  netns: 'namespace ns',
  nftables: 'nft firewall',
  iptables: 'nat masquerade',
  qdisc: 'tc netem tbf shaper',
  check: 'ping',
  dns: 'resolv resolver nameserver',
  exec: 'shell command cmd script',
  run: 'apply deploy up create start',
  undo: 'destroy down delete remove rm rollback stop',
  show: 'status inspect describe',
  new: 'init generate',
  validate: 'lint fmt',
  '--set': '--var -e --env',
  '--set-file': '--var-file',
  '--yes': '--auto-approve',
}

const meanings: ReadonlyMap<string, string> = new Map(
  Object.entries(elsewhere).flatMap(([here, names]) => names.split(' ').map((name) => [name, here] as const)),
)

function meant(name: string, candidates: readonly string[]): string | undefined {
  const here = meanings.get(name.toLowerCase())
  return here !== undefined && candidates.includes(here) ? here : undefined
}

/** Counts the letters to add, drop, change or swap with their neighbour until `a` is `b`. */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, change, swapped ? rows[i - 2]![j - 2]! + 1 : Infinity)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
