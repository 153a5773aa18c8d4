/** Exchanges the separators of a sysctl's name: `net/ipv4/conf/eth0.5/forwarding` is `net.ipv4.conf.eth0/5.forwarding`. @see sysctl(8) */
export const swapped = (key: string): string => key.replace(/[./]/g, (it) => (it === '.' ? '/' : '.'))
