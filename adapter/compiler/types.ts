/** Names of types for the debug info: as written where the source says, else as the type checker infers. */
import ts from 'typescript';

/** Asks the checker of one program. */
export class TypeNames {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** Type of a variable, parameter or property; '' if nothing is known. */
  of(node: ts.Node, annotation: ts.TypeNode | undefined): string {
    if (annotation) {
      return written(annotation);
    }
    return this.#name(this.#checker.getTypeAtLocation(node), node);
  }

  returnOf(fn: ts.SignatureDeclaration): string {
    if (fn.type) {
      return written(fn.type);
    }
    if (ts.isConstructorDeclaration(fn)) {
      return '';
    }
    const signature = this.#checker.getSignatureFromDeclaration(fn);
    return signature ? this.#name(signature.getReturnType(), fn) : '';
  }

  #name(type: ts.Type, at: ts.Node): string {
    const widened = this.#checker.getBaseTypeOfLiteralType(type);
    if (widened.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) {
      return '';
    }
    // `Uint8Array<ArrayBufferLike>` is `Uint8Array` to everybody who did not write the parameter.
    return this.#checker
      .typeToString(widened, at, ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope)
      .replace(/\b(\w+Array|DataView)<ArrayBuffer(Like)?>/g, '$1');
  }
}

/** A type as it stands in the source, on one line. */
export function written(node: ts.TypeNode): string {
  return node.getText().replace(/\s+/g, ' ');
}
