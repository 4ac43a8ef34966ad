/** Structs and globals of a module for the debug info, and the module's registration with the debugger. */
import ts from 'typescript';
import type { Constants } from './constants.ts';
import type { GlobalInfo, StructInfo, Variable } from './debug-info.ts';
import { docOf } from './docs.ts';
import { boundNames } from './scope.ts';
import { type TypeNames, written } from './types.ts';

type Field = StructInfo['fields'][number];

/** Structs and globals that one source file declares at its top level. */
export function moduleSymbols(
  file: ts.SourceFile,
  path: string,
  types: TypeNames,
  constants: Constants,
): { readonly structs: StructInfo[]; readonly globals: GlobalInfo[] } {
  const structs: StructInfo[] = [];
  const globals: GlobalInfo[] = [];
  const lineOf = (node: ts.Node): number => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  for (const s of file.statements) {
    if (ts.isVariableStatement(s)) {
      const doc = docOf(file, s).text;
      for (const d of s.declarationList.declarations) {
        if (d.initializer && isFunctionExpression(d.initializer)) {
          continue;
        }
        const value = isConst(s) && d.initializer ? constants.evaluate(d.initializer) : undefined;
        for (const id of boundNames(d.name)) {
          const type = types.of(id, ts.isIdentifier(d.name) ? d.type : undefined);
          globals.push({
            name: id.text,
            type,
            file: path,
            line: lineOf(id),
            doc,
            ...(value === undefined ? {} : { value }),
          });
        }
      }
    } else if ((ts.isClassDeclaration(s) && s.name) || ts.isInterfaceDeclaration(s) || ts.isTypeAliasDeclaration(s)) {
      structs.push({
        name: s.name!.text,
        file: path,
        line: lineOf(s),
        doc: docOf(file, s).text,
        kind: ts.isClassDeclaration(s) ? 'class' : ts.isInterfaceDeclaration(s) ? 'interface' : 'type',
        extends: baseOf(s),
        fields: fieldsOf(file, s, types, lineOf),
      });
    }
  }
  return { structs, globals };
}

function isConst(s: ts.VariableStatement): boolean {
  return (s.declarationList.flags & ts.NodeFlags.Const) !== 0;
}

function isFunctionExpression(e: ts.Expression): boolean {
  return ts.isArrowFunction(e) || ts.isFunctionExpression(e);
}

function baseOf(s: ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration): string {
  if (ts.isTypeAliasDeclaration(s)) {
    return ts.isTypeLiteralNode(s.type) ? '' : written(s.type);
  }
  const clause = s.heritageClauses?.find((h) => h.token === ts.SyntaxKind.ExtendsKeyword);
  return clause?.types.map((t) => t.getText()).join(', ') ?? '';
}

function fieldsOf(
  file: ts.SourceFile,
  s: ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration,
  types: TypeNames,
  lineOf: (node: ts.Node) => number,
): Field[] {
  const members = ts.isTypeAliasDeclaration(s) ? (ts.isTypeLiteralNode(s.type) ? s.type.members : []) : s.members;
  const fields: Field[] = [];
  for (const m of members) {
    const isStatic = ts.canHaveModifiers(m) && ts.getModifiers(m)?.some((x) => x.kind === ts.SyntaxKind.StaticKeyword);
    if (isStatic || !m.name || ts.isComputedPropertyName(m.name)) {
      continue;
    }
    const field: Variable | undefined =
      ts.isPropertyDeclaration(m) || ts.isPropertySignature(m)
        ? { name: m.name.getText(file), type: types.of(m.name, m.type) }
        : ts.isMethodSignature(m)
          ? { name: m.name.getText(file), type: methodType(file, m) }
          : undefined;
    if (field) {
      fields.push({ ...field, doc: docOf(file, m).text, line: lineOf(m) });
    }
  }
  return fields;
}

/** A method of an interface as the type of a function pointer. */
function methodType(file: ts.SourceFile, m: ts.MethodSignature): string {
  const params = m.parameters.map((p) => p.getText(file).replace(/\s+/g, ' ')).join(', ');
  return `(${params}) => ${m.type ? written(m.type) : 'void'}`;
}

/**
 * The last line of a module: tells the debugger how to read (and write, for `let`) each top-level name, so that
 * expressions reach them from any frame, and checkpoints can name them. The release build also runs without it.
 */
export function registration(file: ts.SourceFile, path: string): string {
  const entries: string[] = [];
  const add = (name: string, writable: boolean): void => {
    entries.push(`${name}:[()=>${name},${writable ? `v=>${name}=v` : 'null'}]`);
  };
  for (const s of file.statements) {
    if (ts.canHaveModifiers(s) && ts.getModifiers(s)?.some((m) => m.kind === ts.SyntaxKind.DeclareKeyword)) {
      continue;
    }
    if (ts.isVariableStatement(s)) {
      for (const d of s.declarationList.declarations) {
        for (const id of boundNames(d.name)) {
          add(id.text, !isConst(s));
        }
      }
    } else if (((ts.isFunctionDeclaration(s) && s.body) || ts.isClassDeclaration(s)) && s.name) {
      add(s.name.text, false);
    }
  }
  return `;globalThis.__pktgdb?.module(${JSON.stringify(path)},{${entries.join(',')}});`;
}
