import type { Diagnosis } from '../../core/step.ts'

/**
 * Finds out who holds the lock that iptables-legacy takes for every change, when waiting for it was in vain. iptables-nft
 * takes none: its changes are transactions of the kernel.
 *
 * @see iptables(8) (`-w`), lslocks(8)
 */
export const whoHoldsTheLock: Diagnosis = {
  probe: (_, { output }) => (/xtables lock/.test(output?.stderr ?? '') ? [{ argv: LISTING }] : []),
  read([listing]) {
    const holders = Array.from((listing?.stdout ?? '').matchAll(HOLDER), ([, pid, name]) => ({ pid, name }))
    if (holders.length === 0) return `somebody holds ${LOCK}; see who: lslocks --notruncate | grep xtables`
    const who = holders.map(({ pid, name }) => `process ${pid} (${name})`).join(', ')
    return `${who} holds ${LOCK}; look what it does, and wait for it or end it: ps -fp ${holders.map(({ pid }) => pid).join(',')}`
  },
}

const LOCK = '/run/xtables.lock'

const LISTING = ['lslocks', '--noheadings', '--raw', '--notruncate', '--output', 'PID,COMMAND,PATH']

const HOLDER = /^(\d+) (\S+) \S*xtables\.lock$/gm
