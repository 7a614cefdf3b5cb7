use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::GenericParam;

use crate::{
    analyze::{
        body_reads::BodyReads,
        cloned_argument,
        declaration::StepDeclaration,
        field_check::FieldCheck,
        lock_check,
        shape::{Shape, is_opaque, part_of_result},
    },
    attribute_kind::AttributeKind,
    call_site::CallSite,
    emit::{lock_constants::LockConstants, step::StepExpansion},
    mistakes::Mistakes,
    parse::{
        attribute_args::AttributeArgs,
        companion::{self, BodyWords},
        crate_lock::CrateLock,
        function::Function,
        instrument,
        typed_parameter::{self, TypedParameter},
        value_reader::ValueReader,
    },
    span::SourceSpan,
    tokens::to_source,
};

/// Expands the attribute: makes a function a step. If there are mistakes, emits the function unchanged, with one
/// `compile_error!` for each mistake.
pub fn expand(
    kind: AttributeKind,
    location: &CallSite,
    crate_lock: &CrateLock,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    if arguments.to_string() == companion::TAKEN {
        return item;
    }
    let mut report = Mistakes::default();
    let Some(mut function) = Function::parse(item.clone()) else {
        let message = format!("`#[{kind}]` belongs on a function");
        let help =
            "put it on the function that needs the secrets: on each method, not on the `impl`";
        report.add(SourceSpan::of(Span::call_site()), message, help);
        return quote!(#item #report);
    };
    let words = BodyWords::of(&function);
    let is_step = words.is_step;
    if is_step && arguments.is_empty() {
        return item;
    }
    let generics = generic_parameters(&function);
    let mut args = AttributeArgs::default();
    args.read(arguments, &mut ValueReader { report: &mut report, generics: &generics });
    if is_step {
        if report.is_empty() {
            let help = "write all arguments in the first attribute, or import the two under their own names, `secrets` and `task`";
            report.add(SourceSpan::of(Span::call_site()), "this function is a step already", help);
        }
        return quote!(#item #report);
    }
    let runtime = args.get("crate").and_then(|(_, node)| node.at.path.clone());
    let others = companion::take(kind, &mut function, runtime.as_ref(), &mut report);
    let mut reader = ValueReader { report: &mut report, generics: &generics };
    for arguments in others {
        args.read(arguments, &mut reader);
    }
    let parameters = typed_parameter::take(&mut function.signature, &mut reader);
    let declaration = StepDeclaration::read(&args, &parameters, &mut report);
    if let Some((name, _)) = args.get("guard").filter(|_| !location.has_guard) {
        let help =
            "write secrets-runtime = { version = \"..\", features = [\"guard\"] } in Cargo.toml";
        let message = "`guard` needs the feature `guard` of secrets-runtime";
        report.add(name.at.clone(), message, help);
    }
    let fields = check_lock(crate_lock, &declaration, &parameters, &generics, &mut report);
    if words.reads_context {
        let reads =
            BodyReads::of(&declaration, &parameters, &generics, crate_lock.lock(), location);
        function.rewrite_body(&mut |call| reads.check(call));
    }
    let shape = Shape::of(&function, &mut report);
    if let Some(shape) = &shape {
        check_shape(&function, shape, &declaration, &parameters, &mut report);
    }
    let arguments = match args.get("refresh_on") {
        Some(_) => cloned_argument::read(&function.signature, &mut report),
        None => Vec::new(),
    };
    match (shape, &function.body) {
        (Some(shape), Some(body)) if report.is_empty() => {
            let step = StepExpansion {
                function: &function,
                location,
                declaration: &declaration,
                result: &shape.result,
                parameters: &parameters,
                arguments: &arguments,
                lock_constants: LockConstants {
                    declaration: &declaration,
                    crate_lock,
                    fields: &fields,
                },
            };
            let body = body.with_content(step.body(&shape, body));
            cloned_argument::rename(&mut function.signature, &arguments);
            function.with_body(&body)
        }
        _ => {
            let function = without_step(&function, &parameters);
            quote!(#function #report)
        }
    }
}

/// Compares the declaration with the lock. Returns the checks of the parameters' types.
fn check_lock(
    crate_lock: &CrateLock,
    declaration: &StepDeclaration,
    parameters: &[TypedParameter],
    generics: &[Ident],
    report: &mut Mistakes,
) -> Vec<Option<FieldCheck>> {
    if let Some((message, help)) = crate_lock.take_mistake() {
        report.add(SourceSpan::of(Span::call_site()), message, help);
    }
    let Some(lock) = crate_lock.lock() else { return Vec::new() };
    lock_check::check(declaration, parameters, lock, report);
    let types = parameters.iter().map(|parameter| &parameter.ty);
    types.map(|ty| FieldCheck::new(ty, generics)).collect()
}

/// Checks the rules that depend on both the arguments and the function.
fn check_shape(
    function: &Function,
    shape: &Shape,
    declaration: &StepDeclaration,
    parameters: &[TypedParameter],
    report: &mut Mistakes,
) {
    if let Some(at) = &declaration.export_process
        && shape.is_async()
    {
        let message = "an asynchronous step cannot export its secrets to the process, since other threads read the environment meanwhile";
        let help = "give them to a child process with `current_context().secrets.apply_to(&mut command)`, or export from a synchronous step that runs before the runtime starts";
        match main_attribute(function) {
            // If that attribute comes first, it makes the function synchronous.
            Some(main) => {
                let help = format!(
                    "put `#[{main}]` above this attribute, so that the secrets are exported before the runtime starts; or {help}"
                );
                report.add(at.clone(), message, help);
            }
            None => report.add(at.clone(), message, help),
        }
    }
    if let Some(at) = &declaration.serialize
        && shape.is_opaque()
    {
        let message = "`output` cannot check a result type that is `impl Trait`";
        report.add(at.clone(), message, "write the result's type by name, or remove `output`");
    }
    if let Some(at) = &declaration.guard_at
        && part_of_result(&shape.result, 1).is_some_and(is_opaque)
    {
        let message = "the guard cannot search an error whose type is not written";
        report.add(at.clone(), message, "write the error's type by name, or remove `guard`");
    }
    if instrument::records_parameter(function, parameters) {
        let at = SourceSpan::of(Span::call_site());
        let message =
            "`#[instrument]` above this attribute would write the secret parameters into its span";
        let help =
            "put this attribute on top, above `#[instrument]`, or write `#[instrument(skip_all)]`";
        report.add(at, message, help);
    }
}

/// Returns the path of an attribute below this one that starts an async runtime, such as `tokio::main`.
fn main_attribute(function: &Function) -> Option<String> {
    let path = function.attrs.iter().map(syn::Attribute::path).find(|path| {
        path.segments.len() > 1 && path.segments.last().is_some_and(|last| last.ident == "main")
    })?;
    Some(to_source(&quote!(#path)))
}

/// Returns the function without its typed parameters. Their names are still bound in the body, so that it causes no
/// further errors.
fn without_step(function: &Function, parameters: &[TypedParameter]) -> TokenStream {
    let Some(body) = &function.body else {
        let Function { attrs, vis, signature, .. } = function;
        return quote!(#(#attrs)* #vis #signature;);
    };
    // The loop is in a closure, since the compiler would report the code after a plain one as unreachable. A `const
    // fn` cannot call a closure.
    let prelude = parameters.iter().map(|TypedParameter { pat, ty, attrs, .. }| {
        let value = match function.signature.constness {
            Some(_) => quote!(loop {}),
            None => quote!((|| -> #ty { loop {} })()),
        };
        quote!(#(#attrs)* let #pat: #ty = #value;)
    });
    function.with_body(&body.with_prelude(prelude.collect()))
}

/// Returns the generic parameters, which a `static` inside the function cannot name.
fn generic_parameters(function: &Function) -> Vec<Ident> {
    let parameters = function.signature.generics.params.iter();
    parameters
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.clone()),
            GenericParam::Const(parameter) => Some(parameter.ident.clone()),
            GenericParam::Lifetime(_) => None,
        })
        .collect()
}
