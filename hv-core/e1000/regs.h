/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and descriptors of the 82540EM, as Intel's "PCI/PCI-X Family of Gigabit Ethernet
 * Controllers Software Developer's Manual" (8254x, revision 4.0) has them: section 13.4 for
 * registers, 13.7 for statistics, 3.2.3 for receive and 3.3 for transmit descriptors, 13.4.8 and
 * tables 13-20 on for the PHY. Only what the model looks at or a driver touches has a name.
 */
#ifndef HV_CORE_E1000_REGS_H
#define HV_CORE_E1000_REGS_H

#define E1000_BAR_MEM_BYTES 0x20000u
#define E1000_BAR_IO_BYTES  64u
#define E1000_IO_ADDR	    0u /* section 4.1.1: IOADDR, then IODATA */
#define E1000_IO_DATA	    4u
#define E1000_REGS_END	    0x6000u /* no modelled register lies behind it */

/* Byte offsets into BAR 0. */
#define E1000_CTRL     0x0000u
#define E1000_STATUS   0x0008u
#define E1000_EECD     0x0010u
#define E1000_EERD     0x0014u
#define E1000_CTRL_EXT 0x0018u
#define E1000_FLA      0x001cu
#define E1000_MDIC     0x0020u
#define E1000_FCAL     0x0028u
#define E1000_FCAH     0x002cu
#define E1000_FCT      0x0030u
#define E1000_VET      0x0038u
#define E1000_ICR      0x00c0u
#define E1000_ITR      0x00c4u
#define E1000_ICS      0x00c8u
#define E1000_IMS      0x00d0u
#define E1000_IMC      0x00d8u
#define E1000_RCTL     0x0100u
#define E1000_FCTTV    0x0170u
#define E1000_TXCW     0x0178u
#define E1000_RXCW     0x0180u
#define E1000_TCTL     0x0400u
#define E1000_TIPG     0x0410u
#define E1000_AIFS     0x0458u
#define E1000_LEDCTL   0x0e00u
#define E1000_PBA      0x1000u
#define E1000_FCRTL    0x2160u
#define E1000_FCRTH    0x2168u
#define E1000_RDFH     0x2410u /* and RDFT, RDFHS, RDFTS, RDFPC, each 8 bytes on */
#define E1000_RDBAL    0x2800u
#define E1000_RDBAH    0x2804u
#define E1000_RDLEN    0x2808u
#define E1000_RDH      0x2810u
#define E1000_RDT      0x2818u
#define E1000_RDTR     0x2820u
#define E1000_RXDCTL   0x2828u
#define E1000_RADV     0x282cu
#define E1000_RSRPD    0x2c00u
#define E1000_TXDMAC   0x3000u
#define E1000_TDFH     0x3410u /* and TDFT, TDFHS, TDFTS, TDFPC */
#define E1000_TDBAL    0x3800u
#define E1000_TDBAH    0x3804u
#define E1000_TDLEN    0x3808u
#define E1000_TDH      0x3810u
#define E1000_TDT      0x3818u
#define E1000_TIDV     0x3820u
#define E1000_TXDCTL   0x3828u
#define E1000_TADV     0x382cu
#define E1000_TSPMT    0x3830u
#define E1000_STATS    0x4000u /* 64 registers, CRCERRS to TSCTFC */
#define E1000_RXCSUM   0x5000u
#define E1000_MTA      0x5200u /* 128 */
#define E1000_RAL      0x5400u /* 16 pairs, RAL and RAH */
#define E1000_VFTA     0x5600u /* 128 */
#define E1000_WUC      0x5800u
#define E1000_WUFC     0x5808u
#define E1000_WUS      0x5810u
#define E1000_MANC     0x5820u
#define E1000_IPAV     0x5838u
#define E1000_IP4AT    0x5840u
#define E1000_IP6AT    0x5880u
#define E1000_WUPM     0x5a00u
#define E1000_FFLT     0x5f00u

#define E1000_ADDRESSES 16u

/* Statistics that count here (13.7); the others of the 64 stay 0. */
#define E1000_MPC    0x4010u
#define E1000_PRC64  0x405cu /* and PRC127, 255, 511, 1023, 1522 */
#define E1000_GPRC   0x4074u
#define E1000_BPRC   0x4078u
#define E1000_MPRC   0x407cu
#define E1000_GPTC   0x4080u
#define E1000_GORCL  0x4088u
#define E1000_GORCH  0x408cu
#define E1000_GOTCL  0x4090u
#define E1000_GOTCH  0x4094u
#define E1000_RNBC   0x40a0u
#define E1000_ROC    0x40acu
#define E1000_TORL   0x40c0u
#define E1000_TORH   0x40c4u
#define E1000_TOTL   0x40c8u
#define E1000_TOTH   0x40ccu
#define E1000_TPR    0x40d0u
#define E1000_TPT    0x40d4u
#define E1000_PTC64  0x40d8u
#define E1000_MPTC   0x40f0u
#define E1000_BPTC   0x40f4u
#define E1000_TSCTC  0x40f8u
#define E1000_TSCTFC 0x40fcu

#define E1000_CTRL_FD	   0x00000001u
#define E1000_CTRL_SLU	   0x00000040u
#define E1000_CTRL_SPD1000 0x00000200u
#define E1000_CTRL_RST	   0x04000000u
#define E1000_CTRL_VME	   0x40000000u
#define E1000_CTRL_PHY_RST 0x80000000u

#define E1000_STATUS_FD	   0x00000001u
#define E1000_STATUS_LU	   0x00000002u
#define E1000_STATUS_TXOFF 0x00000010u
#define E1000_STATUS_100   0x00000140u /* SPEED and ASDV */
#define E1000_STATUS_1000  0x00000280u

#define E1000_EECD_SK	   0x01u
#define E1000_EECD_CS	   0x02u
#define E1000_EECD_DI	   0x04u
#define E1000_EECD_DO	   0x08u
#define E1000_EECD_FWE	   0x30u
#define E1000_EECD_REQ	   0x40u
#define E1000_EECD_GNT	   0x80u
#define E1000_EECD_PRESENT 0x100u
#define E1000_EERD_START   0x01u
#define E1000_EERD_DONE	   0x10u

#define E1000_EEPROM_WORDS 64u
#define E1000_EEPROM_SUM   0xbabau /* section 5.6.35: what all 64 words add up to */

#define E1000_MDIC_WRITE   0x04000000u
#define E1000_MDIC_READ	   0x08000000u
#define E1000_MDIC_READY   0x10000000u
#define E1000_MDIC_INT	   0x20000000u
#define E1000_MDIC_ERROR   0x40000000u
#define E1000_MDIC_ADDRESS 1u

/* Interrupt causes: 13.4.17. */
#define E1000_INT_TXDW	 0x00001u
#define E1000_INT_TXQE	 0x00002u
#define E1000_INT_LSC	 0x00004u
#define E1000_INT_RXDMT0 0x00010u
#define E1000_INT_RXO	 0x00040u
#define E1000_INT_RXT0	 0x00080u
#define E1000_INT_MDAC	 0x00200u
#define E1000_INT_ALL	 0x1ffffu

#define E1000_RCTL_EN	    0x00000002u
#define E1000_RCTL_UPE	    0x00000008u
#define E1000_RCTL_MPE	    0x00000010u
#define E1000_RCTL_LPE	    0x00000020u
#define E1000_RCTL_RDMTS(r) ((r) >> 8 & 3)
#define E1000_RCTL_MO(r)    ((r) >> 12 & 3)
#define E1000_RCTL_BAM	    0x00008000u
#define E1000_RCTL_BSIZE(r) ((r) >> 16 & 3)
#define E1000_RCTL_VFE	    0x00040000u
#define E1000_RCTL_CFIEN    0x00080000u
#define E1000_RCTL_CFI	    0x00100000u
#define E1000_RCTL_BSEX	    0x02000000u
#define E1000_RCTL_SECRC    0x04000000u

#define E1000_TCTL_EN  0x2u
#define E1000_TCTL_PSP 0x8u

#define E1000_RXCSUM_IPOFL 0x100u
#define E1000_RXCSUM_TUOFL 0x200u

#define E1000_RAH_AV 0x80000000u
#define E1000_RAH_AS 0x00030000u

/* A descriptor is two little-endian 64-bit words; these are fields of the second. Transmit, all
 * kinds (3.3.3, 3.3.6, 3.3.7): */
#define E1000_TX_EOP	    (1ull << 24)
#define E1000_TX_IFCS	    (1ull << 25)
#define E1000_TX_IC	    (1ull << 26) /* legacy: insert checksum */
#define E1000_TX_TSE	    (1ull << 26) /* extended: segment */
#define E1000_TX_RS	    (1ull << 27)
#define E1000_TX_DEXT	    (1ull << 29)
#define E1000_TX_VLE	    (1ull << 30)
#define E1000_TX_DD	    (1ull << 32)
#define E1000_TX_TYPE(d)    ((unsigned int)((d) >> 20 & 0xf)) /* extended: 0 context, 1 data */
#define E1000_TX_CSO(d)	    ((uint8_t)((d) >> 16))
#define E1000_TX_CSS(d)	    ((uint8_t)((d) >> 40))
#define E1000_TX_SPECIAL(d) ((uint16_t)((d) >> 48))
#define E1000_TX_IXSM	    (1ull << 40) /* data: insert the IP checksum */
#define E1000_TX_TXSM	    (1ull << 41) /* data: insert the TCP or UDP checksum */
#define E1000_TU_TCP	    (1ull << 24) /* context */
#define E1000_TU_IP	    (1ull << 25)
#define E1000_TU_TSE	    (1ull << 26)

/* Receive (3.2.3): status and errors as they lie in the second word. */
#define E1000_RX_DD    (1ull << 32)
#define E1000_RX_EOP   (1ull << 33)
#define E1000_RX_IXSM  (1ull << 34)
#define E1000_RX_VP    (1ull << 35)
#define E1000_RX_TCPCS (1ull << 37)
#define E1000_RX_IPCS  (1ull << 38)
#define E1000_RX_IPE   (1ull << 46)

#define E1000_FCS_BYTES	  4u
#define E1000_FRAME_MIN	  60u	 /* bytes without the FCS */
#define E1000_FRAME_MAX	  16380u /* 16384 with the FCS: 13.4.22, LPE */
#define E1000_FRAME_SHORT 1518u	 /* without LPE: 1522 with the FCS */

#endif
