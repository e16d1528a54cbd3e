/** The signature of a declaration, as its source states it: no comments, no bodies, on one line. */
import ts from 'typescript';

const LONGEST_DEFAULT = 24;

const printer = ts.createPrinter({ removeComments: true });

const onOneLine = (node: ts.Node, source: ts.SourceFile): string =>
  printer
    .printNode(ts.EmitHint.Unspecified, node, source)
    .replace(/\s+/g, ' ')
    .replace(/, (?=[}\]])/g, ' ')
    .replace(/(?<=\[) | (?=\])/g, '')
    .replace(/;$/, '');

/** A parameter with its default where that is short, and as an optional one where it is a computation. */
function parameterSignature(parameter: ts.ParameterDeclaration): ts.ParameterDeclaration {
  const { modifiers, dotDotDotToken, name, type, initializer } = parameter;
  if (initializer === undefined || initializer.getText().length <= LONGEST_DEFAULT) return parameter;
  const optional = ts.factory.createToken(ts.SyntaxKind.QuestionToken);
  return ts.factory.updateParameterDeclaration(
    parameter,
    modifiers,
    dotDotDotToken,
    name,
    optional,
    type,
    undefined,
  );
}

/** A function's parts as a declaration without a body; its result is worked out where the source leaves it out. */
function functionSignature(
  name: string,
  part: ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression,
  checker: ts.TypeChecker,
): ts.Node {
  const inferred = (): ts.TypeNode | undefined =>
    checker.typeToTypeNode(
      checker.getSignatureFromDeclaration(part)!.getReturnType(),
      part,
      ts.NodeBuilderFlags.NoTruncation,
    );
  const { typeParameters, parameters, type = inferred() } = part;
  return ts.factory.createFunctionDeclaration(
    undefined,
    undefined,
    name,
    typeParameters,
    parameters.map(parameterSignature),
    type,
    undefined,
  );
}

const isPrivate = (member: ts.ClassElement): boolean =>
  (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;

/** A member of a class without what it does. */
function memberSignature(member: ts.ClassElement): ts.ClassElement {
  const { factory } = ts;
  if (ts.isMethodDeclaration(member))
    return factory.updateMethodDeclaration(
      member,
      member.modifiers,
      member.asteriskToken,
      member.name,
      member.questionToken,
      member.typeParameters,
      member.parameters,
      member.type,
      undefined,
    );
  if (ts.isConstructorDeclaration(member))
    return factory.updateConstructorDeclaration(member, member.modifiers, member.parameters, undefined);
  return member;
}

/** A constant: as a function if it is one, else with its type, which is cut short where it is inferred and long. */
function constantSignature(declaration: ts.VariableDeclaration, checker: ts.TypeChecker): string {
  const { initializer, type } = declaration;
  const name = declaration.name.getText();
  const source = declaration.getSourceFile();
  if (type !== undefined) return `const ${name}: ${onOneLine(type, source)}`;
  if (initializer !== undefined && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)))
    return onOneLine(functionSignature(name, initializer, checker), source);
  return `const ${name}: ${checker.typeToString(checker.getTypeAtLocation(declaration))}`;
}

const withoutExport = (text: string): string => text.replace(/^export (default )?/, '');

/** A declaration of an exported name; undefined for what implements overloads, which callers do not see. */
export function signature(declaration: ts.Declaration, checker: ts.TypeChecker): string | undefined {
  const source = declaration.getSourceFile();
  if (ts.isVariableDeclaration(declaration)) return constantSignature(declaration, checker);
  if (ts.isFunctionDeclaration(declaration))
    return checker.isImplementationOfOverload(declaration)
      ? undefined
      : onOneLine(functionSignature(declaration.name!.text, declaration, checker), source);
  if (ts.isClassDeclaration(declaration)) {
    const { modifiers, name, typeParameters, heritageClauses, members } = declaration;
    const visible = members.filter((member) => !isPrivate(member)).map(memberSignature);
    const shown = ts.factory.updateClassDeclaration(
      declaration,
      modifiers,
      name,
      typeParameters,
      heritageClauses,
      visible,
    );
    return withoutExport(onOneLine(shown, source));
  }
  return withoutExport(onOneLine(declaration, source));
}
