use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericParam, Type, spanned::Spanned as _};

use crate::{
    args::Args,
    argument::{self, Argument},
    declaration::Declaration,
    descriptor::descriptor,
    function::{Body, Function},
    kind::Kind,
    parameter::{self, Parameter},
    partner,
    place::Place,
    report::Report,
    shape::{Shape, ShapeKind, tidy},
    value::Reader,
};

/// Makes a function a step. If something is wrong, the function stays as it is, and each mistake is one error.
pub fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if arguments.to_string() == partner::JOINED {
        return item;
    }
    let mut report = Report::default();
    let Some(mut function) = Function::parse(item.clone()) else {
        let message = format!("`#[{kind}]` belongs on a function");
        let help =
            "put it on the function that needs the secrets: on each method, not on the `impl`";
        report.add(Place::of(Span::call_site()), message, help);
        return quote!(#item #report);
    };
    let is_step = partner::is_step(&function);
    if is_step && arguments.is_empty() {
        return item;
    }
    let generics = type_parameters(&function);
    let mut args = Args::default();
    args.read(arguments, &mut Reader { report: &mut report, generics: &generics });
    if is_step {
        if report.is_empty() {
            let help = "write all arguments in the first attribute, or import the two under their own names, `secrets` and `task`";
            report.add(Place::of(Span::call_site()), "this function is a step already", help);
        }
        return quote!(#item #report);
    }
    let runtime = args.get("crate").and_then(|(_, node)| node.at.path.clone());
    let others = partner::take(kind, &mut function, runtime.as_ref(), &mut report);
    let mut reader = Reader { report: &mut report, generics: &generics };
    for arguments in others {
        args.read(arguments, &mut reader);
    }
    let parameters = parameter::take(&mut function.signature, &mut reader);
    let declaration = Declaration::read(&args, &parameters, &mut report);
    let shape = Shape::of(&function, &mut report);
    if let Some(shape) = &shape {
        check_shape(&function, shape, &declaration, &parameters, &mut report);
    }
    let arguments = match args.get("refresh_on") {
        Some(_) => argument::read(&function.signature, &mut report),
        None => Vec::new(),
    };
    match (shape, &function.body) {
        (Some(shape), Some(body)) if report.is_empty() => {
            let step = Step {
                function: &function,
                declaration: &declaration,
                parameters: &parameters,
                arguments: &arguments,
            };
            let body = body.replaced(step.body(&shape, body));
            argument::rename(&mut function.signature, &arguments);
            function.with_body(&body)
        }
        _ => {
            let function = as_written(&function, &parameters);
            quote!(#function #report)
        }
    }
}

/// What arguments and function can say only together.
fn check_shape(
    function: &Function,
    shape: &Shape,
    declaration: &Declaration,
    parameters: &[Parameter],
    report: &mut Report,
) {
    if let Some(at) = &declaration.export_process
        && shape.is_async()
    {
        let message = "an asynchronous step cannot export its secrets to the process, since other threads read the environment meanwhile";
        let help = "give them to a child process with `current_context().secrets.apply_to(&mut command)`, or export from a synchronous step that runs before the runtime starts";
        match main_attribute(function) {
            // That attribute makes the function synchronous, if it comes first.
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
        let message = "whether a result can be stored cannot be seen through `impl Trait`";
        report.add(at.clone(), message, "write the result's type by name, or remove `output`");
    }
    if !parameters.is_empty() && partner::is_instrumented(function) {
        let at = Place::of(Span::call_site());
        let message =
            "`#[instrument]` above this attribute would write the secret parameters into its span";
        report.add(at, message, "put this attribute on top, above `#[instrument]`");
    }
}

/// The attribute below this one that starts a runtime, such as `tokio::main`.
fn main_attribute(function: &Function) -> Option<String> {
    let path = function.attrs.iter().map(syn::Attribute::path).find(|path| {
        path.segments.len() > 1 && path.segments.last().is_some_and(|last| last.ident == "main")
    })?;
    Some(tidy(&quote!(#path)))
}

/// The function without its typed parameters, whose names are still there, so that the body has no errors of
/// its own.
fn as_written(function: &Function, parameters: &[Parameter]) -> TokenStream {
    let Some(body) = &function.body else {
        let Function { attrs, vis, signature, .. } = function;
        return quote!(#(#attrs)* #vis #signature;);
    };
    // Not just a loop: what follows would be unreachable then. A `const fn` can call no closure.
    let prelude = parameters.iter().map(|Parameter { pat, ty, attrs, .. }| {
        let value = match function.signature.constness {
            Some(_) => quote!(loop {}),
            None => quote!((|| -> #ty { loop {} })()),
        };
        quote!(#(#attrs)* let #pat: #ty = #value;)
    });
    function.with_body(&body.restored(prelude.collect()))
}

/// The types that a `static` in the function cannot name.
fn type_parameters(function: &Function) -> Vec<Ident> {
    let parameters = function.signature.generics.params.iter();
    parameters
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.clone()),
            GenericParam::Const(parameter) => Some(parameter.ident.clone()),
            GenericParam::Lifetime(_) => None,
        })
        .collect()
}

/// A step without mistakes.
pub struct Step<'a> {
    function: &'a Function,
    declaration: &'a Declaration,
    pub parameters: &'a [Parameter],
    /// What is cloned for each run, with `refresh_on`.
    pub arguments: &'a [Argument],
}

impl Step<'_> {
    fn body(&self, shape: &Shape, body: &Body) -> TokenStream {
        let result = shape.inferred();
        let prelude = self.prelude(&result);
        let again = self.declaration.refresh_on.as_ref();
        match &shape.kind {
            ShapeKind::Sync => {
                let run = match again {
                    Some(path) => self.call_again(path, &result, body),
                    None => self.run_sync(&result, body),
                };
                quote!(#prelude #run)
            }
            ShapeKind::Async => {
                let run = match again {
                    Some(path) => self.run_again(path, &result, body),
                    None => self.run_async(&result, &quote!(async move), body),
                };
                quote!(#prelude #run)
            }
            ShapeKind::Boxed(boxed) => {
                let content = Body { inner: TokenStream::new(), block: boxed.content().clone() };
                let run = match again {
                    Some(path) => self.run_again(path, &result, &content),
                    None => self.run_async(&result, boxed.keywords(), &content),
                };
                boxed.with(quote!(#prelude #run))
            }
        }
    }

    /// The items of the step. One import, so that a wrong path to the runtime is one error.
    fn prelude(&self, result: &Type) -> TokenStream {
        let runtime = &self.declaration.runtime;
        let descriptor =
            descriptor(&self.function.signature.ident, self.declaration, self.parameters);
        let serialize = self.declaration.serialize.as_ref().map(|_| {
            let span = result.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> __secrets::assert_storable::<#result>();)
        });
        quote!(use #runtime::__private as __secrets; #descriptor #serialize)
    }

    fn run_sync(&self, result: &Type, body: &Body) -> TokenStream {
        let names = Names::default();
        let Names { guard, error, value, .. } = &names;
        let from_error = from_error(result);
        let fill = (!self.parameters.is_empty()).then(|| {
            let (bindings, fill, lets) = (self.bindings(), self.fill(&names), self.lets());
            quote! {
                let #bindings = match #guard.fill(#fill) {
                    __secrets::Result::Ok(#value) => #value,
                    __secrets::Result::Err(#error) => return #from_error(#error),
                };
                #lets
            }
        });
        let run = bound(&names, result, body, nothing());
        quote! {
            let #guard = match __secrets::enter(&__SECRETS_STEP) {
                __secrets::Result::Ok(#guard) => #guard,
                __secrets::Result::Err(#error) => return #from_error(#error),
            };
            #fill
            #run
        }
    }

    fn run_async(&self, result: &Type, future: &TokenStream, body: &Body) -> TokenStream {
        let names = Names::default();
        let from_error = from_error(result);
        let block = body.after(return_edge(result));
        if self.parameters.is_empty() {
            return quote! {
                __secrets::run(&__SECRETS_STEP, #from_error, #future #block).await
            };
        }
        let (bindings, fill, lets) = (self.bindings(), self.fill(&names), self.lets());
        quote! {
            __secrets::run_with(&__SECRETS_STEP, #from_error, #fill, move |#bindings| {
                #lets
                #future #block
            })
            .await
        }
    }

    /// Reads all parameters, so that all misfits are reported.
    pub fn fill(&self, Names { filler, .. }: &Names) -> TokenStream {
        let reads = self.parameters.iter().enumerate().map(|(index, Parameter { ty, .. })| {
            let span = ty.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> <#ty as __secrets::FromSecret>::read(#filler, #index))
        });
        let values: Vec<Ident> = self.values().collect();
        quote! {
            |#filler| match (#(#reads,)*) {
                (#(__secrets::Option::Some(#values),)*) => __secrets::Option::Some((#(#values,)*)),
                _ => __secrets::Option::None,
            }
        }
    }

    pub fn bindings(&self) -> TokenStream {
        let values = self.values();
        quote!((#(#values,)*))
    }

    /// Binds the values to the patterns that the user has written.
    pub fn lets(&self) -> TokenStream {
        let lets = self.parameters.iter().zip(self.values());
        lets.map(|(Parameter { pat, attrs, .. }, value)| quote!(#(#attrs)* let #pat = #value;))
            .collect()
    }

    fn values(&self) -> impl Iterator<Item = Ident> {
        (0..self.parameters.len())
            .map(|index| Ident::new(&format!("__value_{index}"), Span::mixed_site()))
    }
}

/// The names of the expansion's variables, which the user's code neither sees nor shadows.
pub struct Names {
    guard: Ident,
    error: Ident,
    value: Ident,
    filler: Ident,
    pub arguments: Ident,
}

impl Default for Names {
    fn default() -> Self {
        let name = |name| Ident::new(name, Span::mixed_site());
        Self {
            guard: name("__guard"),
            error: name("__error"),
            value: name("__result"),
            filler: name("__filler"),
            arguments: name("__arguments"),
        }
    }
}

/// The result is bound before it is given back: what the body's last expression holds on to is dropped while
/// the secrets, the typed parameters and the clones of the arguments are still there, in every edition.
pub fn bound(names: &Names, result: &Type, body: &Body, start: TokenStream) -> TokenStream {
    let (value, block) = (&names.value, body.after(start));
    quote! {
        let #value: #result = #block;
        #[allow(unreachable_code, clippy::needless_return)]
        return #value;
    }
}

/// A function, not a bound: then a result of the wrong type is one error, at the type.
fn from_error(result: &Type) -> TokenStream {
    let span = result.span().resolved_at(Span::mixed_site());
    quote_spanned!(span=> <#result as __secrets::Fallible>::from_error)
}

/// Something must stand before a body, or the compiler finds the braces of a short one needless.
pub fn nothing() -> TokenStream {
    quote!(let () = ();)
}

/// A `return` that is never reached tells the compiler what the block gives; without it a wrong result would
/// be shown at the attribute rather than in the user's code.
pub fn return_edge(result: &Type) -> TokenStream {
    let span = result.span().resolved_at(Span::mixed_site());
    let edge = quote_spanned!(span=> return __secrets::never::<#result>(););
    quote!(if false { #edge })
}
