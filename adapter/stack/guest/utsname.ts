/** What the kernel calls itself (include/linux/utsname.h). */

/** What the kernel calls itself (`uname -a`). */
export const UTS_RELEASE = '6.1.0-pktgdb';
export const UTS_VERSION = '#1 SMP PREEMPT_DYNAMIC';
