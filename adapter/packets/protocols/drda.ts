/** What clients and databases of the DRDA architecture say to each other, such as Db2: the names of its objects. */
import { uint8, uint16 } from '../declare.ts';
import { hex } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

/** Code points of DDM's commands and replies, in hexadecimal, by their names. */
const POINTS =
  '1041:EXCSAT 1055:SYNCCTL 1069:SYNCRSY 106d:ACCSEC 106e:SECCHK 106f:SYNCLOG 111f:RSCTYP 1127:RSNCOD ' +
  '112d:RSCNAM 112e:PRDID 113f:PRCCNVCD 1144:VRSNAM 1147:SRVCLSNM 1149:SVRCOD 114a:SYNERRCD 1153:SRVDGN ' +
  '115a:SRVRLSLV 115d:SPVNAM 115e:EXTNAM 116d:SRVNAM 1196:SECMGRNM 119b:DEPERRCD 119c:CCSIDSBC 119d:CCSIDDBC ' +
  '119e:CCSIDMBC 11a0:USRID 11a1:PASSWORD 11a2:SECMEC 11a4:SECCHKCD 11b4:SVCERRNO 11dc:SECTKN 11de:NEWPASSWORD ' +
  '1210:MGRLVLRM 1218:MGRDEPRM 1219:SECCHKRM 121c:CMDATHRM 1232:AGNPRMRM 1233:RSCLMTRM 1245:PRCCNVRM ' +
  '124b:CMDCMPRM 124c:SYNTAXRM 1250:CMDNSPRM 1251:PRMNSPRM 1252:VALNSPRM 1253:OBJNSPRM 1254:CMDCHKRM ' +
  '125f:TRGNSPRM 1403:AGENT 1404:MGRLVLLS 143c:SUPERVISOR 1440:SECMGR 1443:EXCSATRD 1444:CMNAPPC 1458:DICTIONARY ' +
  '1473:MGRLVLN 1474:CMNTCPIP 147a:FDODTA 147c:CMNSYNCPT 14ac:ACCSECRD 14c0:SYNCPTMGR 14c1:RSYNCMGR ' +
  '14cc:CCSIDMGR 1900:MONITOR 1c00:MONITORRD 1c01:XAMGR 2001:ACCRDB 2002:BGNBND 2004:BNDSQLSTT 2005:CLSQRY ' +
  '2006:CNTQRY 2007:DRPPKG 2008:DSCSQLSTT 2009:ENDBND 200a:EXCSQLIMM 200b:EXCSQLSTT 200c:OPNQRY 200d:PRPSQLSTT ' +
  '200e:RDBCMM 200f:RDBRLLBCK 2010:REBIND 2012:DSCRDBTBL 2014:EXCSQLSET 2101:DSCERRCD 2102:QRYPRCTYP ' +
  '2103:RDBINTTKN 2104:PRDDTA 2105:RDBCMTOK 2108:RDBCOLID 2109:PKGID 210d:PKGCNSTKN 210e:RTNSETSTT 210f:RDBACCCL ' +
  '2110:RDBNAM 2111:OUTEXP 2112:PKGNAMCT 2113:PKGNAMCSN 2114:QRYBLKSZ 2115:UOWDSP 2116:RTNSQLDA 211a:RDBALWUPD ' +
  '211f:SQLCSRHLD 2120:STTSTRDEL 2121:STTDECDEL 2125:PKGDFTCST 2132:QRYBLKCTL 2135:CRRTKN 2138:PRCNAM ' +
  '2139:PKGSNLST 213a:NBRROW 213b:TRGDFTRT 213c:QRYRELSCR 213d:QRYROWNBR 213e:QRYRFRTBL 2140:MAXRSLCNT ' +
  '2141:MAXBLKEXT 2142:RSLSETFLG 2146:TYPSQLDA 2147:OUTOVROPT 2148:RTNEXTDTA 2149:QRYATTSCR 2150:QRYATTUPD ' +
  '2152:QRYSCRORN 2153:QRYROWSNS 2154:QRYBLKRST 2155:QRYRTNDTA 2156:QRYROWSET 2157:QRYATTSNS 215b:QRYINSID ' +
  '215d:QRYCLSIMP 215e:QRYCLSRLS 215f:QRYOPTVAL 2160:DIAGLVL 2201:ACCRDBRM 2202:QRYNOPRM 2204:RDBNACRM ' +
  '2205:OPNQRYRM 2206:PKGBNARM 2207:RDBACCRM 2208:BGNBNDRM 2209:PKGBPARM 220a:DSCINVRM 220b:ENDQRYRM ' +
  '220c:ENDUOWRM 220d:ABNUOWRM 220e:DTAMCHRM 220f:QRYPOPRM 2211:RDBNFNRM 2212:OPNQFLRM 2213:SQLERRRM ' +
  '2218:RDBUPDRM 2219:RSLSETRM 221a:RDBAFLRM 221d:CMDVLTRM 2225:CMMRQSRM 22cb:RDBATHRM 2407:SQLAM 2408:SQLCARD ' +
  '240b:SQLCINRD 240e:SQLRSLRD 240f:RDB 2410:FRCFIXROW 2411:SQLDARD 2412:SQLDTA 2413:SQLDTARD 2414:SQLSTT ' +
  '2415:OUTOVR 2417:LMTBLKPRC 2418:FIXROWPRC 2419:SQLSTTVRB 241a:QRYDSC 241b:QRYDTA 2450:SQLATTR';

const CODE_POINTS: Names = Object.fromEntries(
  POINTS.split(' ').map((point) => {
    const [code = '', name = ''] = point.split(':');
    return [Number.parseInt(code, 16), name];
  }),
);
const MAGIC = 0xd0;
/** A header of six bytes, and an object's length and code point. */
const HEADER = 10;

function isDrda(p: PacketView, l: Layer): boolean {
  return p.u8(l.at + 2) === MAGIC && p.u16(l.at) >= HEADER;
}

/** One whose name is known tells what the connection speaks. */
function isKnown(p: PacketView, l: Layer): boolean {
  const { below } = l;
  const known = isDrda(p, l) && CODE_POINTS[p.u16(l.at + 8)] !== undefined;
  if (known) {
    speak(p, l, drda);
  }
  return known || (isDrda(p, l) && below !== null && p.sessions?.spokenOver(p, below) === drda);
}

export const drda: Protocol = new Protocol({
  name: 'drda',
  title: 'DRDA',
  column: 'DRDA',
  // Objects beside each other are one in the chain.
  chain: (_, l) => (l.index === (l.below?.index ?? 0) + 1 ? 'drda' : ''),
  found: { 'tcp.port': [446, 'any'] },
  header: HEADER,
  lengthBytes: 3,
  messageLength: (p, l) => (l.end - l.at < HEADER ? MORE : isDrda(p, l) ? p.u16(l.at) : NO_MESSAGE),
  open: isKnown,
  fields: [
    uint16('drda.ddm.length', 'Length', 0),
    uint8('drda.ddm.ddmid', 'Magic', 2, { hex: true }),
    uint8('drda.ddm.format', 'Format', 3, { hex: true }),
    uint16('drda.ddm.rqscrr', 'CorrelId', 4),
    uint16('drda.ddm.length2', 'Length2', 6),
    uint16('drda.ddm.codepoint', 'Code point', 8, { hex: true, names: CODE_POINTS }),
  ],
  partInfo: () => '',
  infoBetween: ' | ',
  info: (p, l) => CODE_POINTS[p.u16(l.at + 8)] ?? `Unknown (${hex(p.u16(l.at + 8), 4)})`,
});
