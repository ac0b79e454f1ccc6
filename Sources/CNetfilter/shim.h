#ifndef GATEHOUSE_CNETFILTER_H
#define GATEHOUSE_CNETFILTER_H

/* The constants and structures of netlink and nf_tables, from the kernel's own headers. Nothing is linked.

   netinet/in.h first: linux/in6.h, which the netfilter headers bring, otherwise defines in6_addr in a way that
   clashes with Glibc's module as soon as one file imports both. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#endif
