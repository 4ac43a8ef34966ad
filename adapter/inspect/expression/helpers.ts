/**
 * Pieces of JavaScript that compiled expressions are made of where types are known only at run time. Each is an arrow
 * function applied in place, so that an expression needs nothing but the names of its scope.
 */

const NOT_A_NUMBER = 'Argument to arithmetic operation not a number or boolean.';

/** Statement that throws; `message` is ours, never the user's text unless quoted by JSON. */
function fail(message: string): string {
  return `throw new Error(${JSON.stringify(message)});`;
}

const IS_NO_NUMBER = 'typeof v!=="number"&&typeof v!=="bigint"&&typeof v!=="boolean"';
const CHECK_NUMBERS = `for(const v of [a,b])if(${IS_NO_NUMBER})${fail(NOT_A_NUMBER)}`;
/** A BigInt result as a number where that is exact. */
const NORMAL = '(r=>r>=-9007199254740991n&&r<=9007199254740991n?Number(r):r)';
/** A number or BigInt as a BigInt, fractions cut off. */
const BIG = '(v=>typeof v==="bigint"?v:BigInt(Math.trunc(Number(v))))';

/** `+` `-` `*` with BigInts and exact results; `+` and `-` on an array move its start, as on a pointer. */
export function arithmetic(op: '+' | '-' | '*', left: string, right: string): string {
  const pointer =
    op === '+'
      ? 'if(ArrayBuffer.isView(a))return a.subarray(Number(b));' +
        'if(Array.isArray(a)||typeof a==="string")return a.slice(Number(b));'
      : op === '-'
        ? 'if(ArrayBuffer.isView(a)&&ArrayBuffer.isView(b)&&a.buffer===b.buffer)' +
          'return (a.byteOffset-b.byteOffset)/a.BYTES_PER_ELEMENT;'
        : '';
  return (
    `((a,b)=>{${pointer}${CHECK_NUMBERS}if(typeof a!=="bigint"&&typeof b!=="bigint"){const r=a${op}b;` +
    `if(Number.isSafeInteger(r)||!Number.isInteger(a)||!Number.isInteger(b))return r}` +
    `return ${NORMAL}(${BIG}(a)${op}${BIG}(b))})(${left},${right})`
  );
}

/** Division truncates integers and fails for 0; a number with a fraction divides as in C's floating point. */
export function division(op: '/' | '%', left: string, right: string): string {
  const small = op === '/' ? 'Number.isInteger(a)&&Number.isInteger(b)?Math.trunc(a/b):a/b' : 'a%b';
  return (
    `((a,b)=>{${CHECK_NUMBERS}if(b==0&&Number.isInteger(Number(a)))${fail('Division by zero')}` +
    `return typeof a==="bigint"||typeof b==="bigint"?${NORMAL}(${BIG}(a)${op}${BIG}(b)):${small}})(${left},${right})`
  );
}

/** `&` `|` `^` on numbers of any size: within 32 bits the result is unsigned unless both sides are negative. */
export function bitwise(op: '&' | '|' | '^', left: string, right: string): string {
  return (
    `((a,b)=>{${CHECK_NUMBERS}if(typeof a!=="bigint"&&typeof b!=="bigint"&&a>=-2147483648&&a<=4294967295&&` +
    `b>=-2147483648&&b<=4294967295)return a<0&&b<0?a${op}b:(a${op}b)>>>0;` +
    `return ${NORMAL}(${BIG}(a)${op}${BIG}(b))})(${left},${right})`
  );
}

/**
 * Shifts: within 32 bits, `<<` of a number that is not negative keeps 32 bits unsigned; larger numbers keep 64 bits.
 */
export function shift(op: '<<' | '>>', left: string, right: string): string {
  const small = op === '<<' ? 'a<0?a<<b:(a<<b)>>>0' : 'a<0?a>>b:a>>>b';
  const big = op === '<<' ? `BigInt.asIntN(65,BigInt.asUintN(64,${BIG}(a)<<${BIG}(b)))` : `${BIG}(a)>>${BIG}(b)`;
  return (
    `((a,b)=>{${CHECK_NUMBERS}if(b<0||b>63)${fail('The shift count is negative or larger than 63.')}` +
    `if(typeof a!=="bigint"&&b<32&&a>=-2147483648&&a<=4294967295){b=Number(b);return ${small}}` +
    `return ${NORMAL}(${big})})(${left},${right})`
  );
}

/** `-x` and `~x`. */
export function negate(op: '-' | '~', operand: string): string {
  const small = op === '-' ? '-a' : 'a>=-2147483648&&a<=2147483647?~a:a<=4294967295&&a>0?(~a)>>>0:Number(~BigInt(a))';
  return `((a)=>{const b=0;${CHECK_NUMBERS}return typeof a==="bigint"?${op}a:${small}})(${operand})`;
}

/** Member of an object of unknown type; an array stands for its first element, as in C. */
export function member(object: string, name: string): string {
  return `${memberObject(object, name)}.${name}`;
}

/** The object that has the member `name`: what to assign through. */
export function memberObject(object: string, name: string): string {
  const key = JSON.stringify(name);
  return (
    `((o)=>{if(Array.isArray(o)&&!(${key} in o))o=o[0];` +
    `if(o===null||o===undefined)${fail('Cannot access memory at address 0x0')}` +
    `if((typeof o!=="object"&&typeof o!=="function")||!(${key} in o))${fail(`There is no member named ${name}.`)}` +
    `return o})(${object})`
  );
}

/** Element of something of unknown type: an array, bytes, a map or a string. */
export function element(object: string, index: string): string {
  return (
    `((o,i)=>{if(o===null||o===undefined)${fail('Cannot access memory at address 0x0')}` +
    'if(o instanceof Map)return o.get(i);if(typeof o==="string")return o.charCodeAt(Number(i));' +
    `if(Array.isArray(o)||ArrayBuffer.isView(o))return o[Number(i)];` +
    `${fail('cannot subscript something of this type')}})(${object},${index})`
  );
}

/** `*x` of something of unknown type. */
export function dereference(operand: string): string {
  return (
    `((o)=>{if(o===null||o===undefined)${fail('Cannot access memory at address 0x0')}` +
    'if(Array.isArray(o)||ArrayBuffer.isView(o))return o[0];if(typeof o==="string")return o.charCodeAt(0);' +
    'if(typeof o==="object"||typeof o==="function")return o;' +
    `${fail('Attempt to take contents of a non-pointer value.')}})(${operand})`
  );
}

/** `count` elements from `start` (gdb's `@`). */
export function slice(object: string, start: string, count: string): string {
  return (
    `((o,i,n)=>{i=Number(i);n=Number(n);if(!(n>0))${fail('Invalid number 0 of repetitions.')}` +
    'if(ArrayBuffer.isView(o))return o.subarray(i,i+n);' +
    'if(Array.isArray(o)||typeof o==="string")return o.slice(i,i+n);' +
    `${fail("Only values in memory can be extended with '@'.")}})(${object},${start},${count})`
  );
}

/** A cast to an integer type of `bits`. */
export function castInteger(bits: number, signed: boolean, operand: string): string {
  const wrap = `BigInt.as${signed ? 'Int' : 'Uint'}N(${bits},${BIG}(a))`;
  return `((a)=>{const b=0;${CHECK_NUMBERS}return ${NORMAL}(${wrap})})(${operand})`;
}

/** A MAC address given as a number of 48 bits, bytes or text compared with a constant. */
export function isMac(operand: string, text: string): string {
  const value = Number.parseInt(text.replaceAll(':', ''), 16);
  return (
    `((a)=>typeof a==="string"?a.toLowerCase()===${JSON.stringify(text)}:` +
    `a!==null&&typeof a==="object"&&a.length>=6?[0,1,2,3,4,5].reduce((s,i)=>s*256+a[i],0)===${value}:` +
    `a==${value})(${operand})`
  );
}

/** A string, or bytes up to a NUL as a string. */
export function textOf(operand: string): string {
  return (
    '((a)=>{if(typeof a==="string")return a;if(!ArrayBuffer.isView(a))' +
    `${fail('The argument must be a string.')}` +
    `let s="";for(let i=0;i<a.length&&a[i]!==0;i++)s+=String.fromCharCode(a[i]);return s})(${operand})`
  );
}

/** Bytes that a string has in UTF-8. Where constants are evaluated there is no encoder. */
export function byteLength(text: string): string {
  return `[...${text}].reduce((n,c)=>n+(c.length>1?4:c<"\\u0080"?1:c<"\\u0800"?2:3),0)`;
}

/** The size in bytes of what a typed array or string holds. */
export function sizeOf(operand: string): string {
  return (
    '((a)=>{if(ArrayBuffer.isView(a))return a.byteLength;if(typeof a==="string")return 1+' +
    `${byteLength('a')};` +
    'if(typeof a==="boolean")return 1;' +
    `${fail('The size of this is not known: it is no scalar, string, struct or array of scalars.')}})(${operand})`
  );
}

/** An element or register that has to be there. */
export function present(place: string): string {
  return `(${place}??(()=>{${fail('Cannot access memory: the index is outside of the array.')}})())`;
}

/** A shift within 32 bits by a count that is not known before. */
export function narrowShift(op: '<<' | '>>', signed: boolean, left: string, count: string): string {
  const beyond = op === '>>' && signed ? 'a>>31' : '0';
  const within = op === '>>' && !signed ? 'a>>>n' : `a${op}n`;
  return `((a,n)=>n>=0&&n<32?${within}:${beyond})(${left},Number(${count}))`;
}

/** A shift of a value of more bits. */
export function wideShift(op: '<<' | '>>', bits: number, left: string, count: string): string {
  const beyond = op === '>>' ? 'a<0?-1:0' : '0';
  return `((a,n)=>n>=0&&n<${bits}?${BIG}(a)${op}BigInt(n):${beyond})(${left},Number(${count}))`;
}
