//! The complete list of what can be wrong with a text, shared by const evaluation, the macros and the runtime.

/// What is wrong with a text, and which of its bytes are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: FlawKind,
    /// The index of the first wrong byte.
    pub start: usize,
    /// The index after the last wrong byte; equal to `start` if something is missing there.
    pub end: usize,
}

macro_rules! flaw_kinds {
    ($( $(#[$doc:meta])* $name:ident: $message:literal, $help:literal; )*) => {
        /// The kinds of [`Flaw`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FlawKind { $( #[doc = $message] $name, )* }

        impl FlawKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// Returns what is wrong, in a few words.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $( Self::$name => $message, )* }
            }

            /// Returns what to write instead.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $( Self::$name => $help, )* }
            }

            /// Returns message and help as one line, for const evaluation, which cannot join them.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $( Self::$name => concat!($message, ": ", $help), )* }
            }
        }
    };
}

flaw_kinds! {
    NameEmpty: "a secret's name is empty", "write the name of the secret, such as \"prod-db\"";
    NameLong: "a secret's name is longer than 512 bytes", "a name has 1 to 512 bytes";
    NameCharacter: "a secret's name holds a character that it cannot have", "a name has 1 to 512 of A-Z a-z 0-9 / _ + = . @ -";
    TextControl: "a text holds a control character", "remove it";
    TypeEmpty: "a backend type is empty", "leave `type` out for the default backend, or write one such as \"local\"";
    TypeCharacter: "a backend type holds a character that it cannot have", "a type is a lower-case letter, then lower-case letters, digits and hyphens, such as \"aws-secrets-manager\"";
    TypeNearly: "this is not a backend type, but nearly one", "write the type exactly as it is spelled";
    PrefixNearly: "what stands before the first dot is nearly a backend type", "write the type exactly as it is spelled, or { id = \"..\" } if that really is the secret's name";
    InlineText: "an `inline` source has no values", "write { type = \"inline\", id = \"..\", options = { env_vars = { NAME = \"value\" } } }";
    ArnParts: "an ARN has too few parts", "the ARN of a secret is arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME";
    ArnCase: "an ARN does not start in lower case", "the ARN of a secret is arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME";
    ArnPartition: "an ARN has no valid partition", "a partition is `aws`, or `aws` with more words after hyphens, such as `aws-cn` or `aws-us-gov`";
    ArnService: "an ARN is of another service", "a source is a secret of `secretsmanager`: arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME";
    ArnRegion: "an ARN has no valid region", "a region looks like `us-west-2`";
    ArnAccount: "an ARN has no valid account", "an account is 12 digits";
    ArnResource: "an ARN is not that of a secret", "after the account comes `secret:` and the secret's name";
    ArnName: "the secret's name in the ARN holds a character that it cannot have", "a name has 1 to 512 of A-Z a-z 0-9 / _ + = . @ -";
    ArnSuffix: "an ARN has more after the secret's name, as ECS writes it", "write the ARN up to the name, and ask for KEY or set the option version_stage or version_id: ECS adds :KEY:STAGE:VERSION";
    ArnNameEmpty: "an ARN has no secret's name", "after `secret:` comes the secret's name";
    ArnNameLong: "the secret's name in the ARN is longer than 512 bytes", "a name has 1 to 512 bytes, and AWS adds a hyphen and six characters";
    ArnComplete: "a group is a whole ARN, and yet there is a key", "end the group with `secret:` and write the secret's name as the key, or leave the key out";
    RoleArn: "a role is not the ARN of a role", "write arn:aws:iam::123456789012:role/NAME";
    RoleService: "a role's ARN is of another service", "a role is of `iam`: arn:aws:iam::123456789012:role/NAME";
    RoleRegion: "a role's ARN has a region, but roles are global", "leave it empty: arn:aws:iam::123456789012:role/NAME";
    RoleAccount: "a role's ARN has no valid account", "an account is 12 digits: arn:aws:iam::123456789012:role/NAME";
    RoleResource: "the ARN is not that of a role", "after the account comes `role/` and the role's name";
    RoleName: "the role's name is not valid", "it has 1 to 64 of A-Z a-z 0-9 _ + = , . @ -, after a path that may be left out and has neither * nor ?";
    RoleNameLong: "the role's name is longer than 64 characters", "it has 1 to 64 of A-Z a-z 0-9 _ + = , . @ -";
    PathEmpty: "a path is empty", "write a path below the folder, such as \"db/password\"";
    PathAbsolute: "a path is absolute", "write it relative to the folder, such as \"db/password\"";
    PathParent: "a path leads out of its folder", "remove the `..`";
    PathComponent: "a path has an empty part or a `.`", "write its parts with one `/` between them, such as \"db/password\"";
    EnvNameEmpty: "the name of the environment variable is empty", "write the variable's name, such as \"DB_PASSWORD\"";
    EnvNameCharacter: "the name of an environment variable cannot hold this", "write the variable's name alone, such as \"DB_PASSWORD\"";
    EnvNameStar: "a `*` stands elsewhere than at the end of a variable's name", "write what the names of the variables begin with, and one `*`, such as \"DB_*\"";
    KubernetesNameEmpty: "the name of a Secret or of its namespace is empty", "write NAME or NAMESPACE/NAME, such as \"prod/db\"";
    KubernetesNameCharacter: "the name of a Secret or of its namespace holds what it cannot have", "a name has lower-case letters and digits, with `-` between them and, that of a Secret, `.`; write NAME or NAMESPACE/NAME";
    KubernetesNameLong: "the name of a Secret or of its namespace is too long", "a Secret's name has at most 253 characters, and that of a namespace 63";
    KubernetesKey: "a key of a Secret holds what it cannot have", "a key has letters, digits, `-`, `_` and `.`, such as \"tls.crt\"";
    ParameterEmpty: "a parameter's name is empty", "write the name of the parameter, such as \"/prod/db/password\"";
    ParameterCharacter: "a parameter's name holds a character that it cannot have", "a name has A-Z a-z 0-9 _ . - and, if it is a path, `/`; a version or a label comes after a `:`";
    ParameterLong: "a parameter's name is longer than 1011 characters", "a name has at most 1011 characters";
    ParameterPath: "a parameter's path does not begin with a slash", "write \"/prod/db\": a name with a slash in it begins with one";
    ParameterPart: "a parameter's path has an empty part", "write its parts with one `/` between them, such as \"/prod/db/password\"";
    ParameterLevels: "a parameter's path has more than 15 levels", "a path has at most 15 levels";
    ParameterStar: "a `*` stands elsewhere than after the last slash of a path", "write the path and `/*` for all parameters directly below it, such as \"/prod/db/*\"";
    ParameterSelector: "what comes after the `:` is neither the version of a parameter nor a label", "a version is a number from 1 on; a label has 1 to 100 of A-Z a-z 0-9 _ . - and begins neither with a digit nor with `aws` or `ssm`";
    ParameterArn: "an ARN is not that of a parameter", "the ARN of a parameter is arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME";
    ParameterSetArn: "the parameters below a path have no ARN", "write the path, such as \"/prod/db/*\", with options = { region = \"..\" } if it is in another region";
    ParameterUntyped: "an ARN is that of a parameter of Systems Manager", "write it with its type: \"ssm.arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME\"";
    VaultPathEmpty: "a path in Vault is empty", "write the mount and the path below it, such as \"secret/prod-db\"";
    VaultPathMount: "a path in Vault has nothing below its mount", "write the mount and the path below it, such as \"secret/prod-db\"";
    VaultPathSlash: "a path in Vault begins with a slash", "begin with the mount, such as \"secret/prod-db\"";
    VaultPathApi: "a path in Vault begins with `v1/`, which the API adds", "begin with the mount, such as \"secret/prod-db\"";
    VaultPathData: "a path in Vault has `data/` after its mount, which the API adds", "leave it out: \"secret/prod-db\", not \"secret/data/prod-db\"";
    VaultPathSegment: "a path in Vault has an empty part, a `.` or a `..`", "write its parts with one `/` between them, such as \"secret/prod-db\"";
    VaultPathCharacter: "a path in Vault cannot hold this", "a path has neither `?` nor `#`; a version is the option version_id";
    ExecIdHyphen: "an id for a program begins with a hyphen, and would be read as an option", "write the secret's name, such as \"vault/item\"";
    ExecIdParent: "an id for a program leads out of its folder", "remove the `..`";
    VariableEmpty: "a variable's name is empty", "write a name of letters, digits and underscores, such as \"TOKEN\"";
    VariableCharacter: "a variable's name holds a character that it cannot have", "a variable has letters, digits and underscores";
    VariableDigit: "a variable's name starts with a digit", "start it with a letter or an underscore";
    VariableReserved: "a variable's name is reserved", "choose one that starts with neither METAFLOW_ nor SECRETS_";
    EnvVarShape: "`env_var` is not of the form `^[A-Z_][A-Z0-9_]*$`", "use upper-case letters, digits and underscores, such as \"DB_PASSWORD\"";
    RequestEmpty: "a request has neither a group nor a key", "write one of them at least";
    GroupLong: "a group is longer than 512 bytes", "use a shorter one";
    GroupPath: "a group is an absolute path or leads out of its folder", "write it relative and without `..`";
    KeyLong: "a key is longer than 512 bytes", "use a shorter one";
    KeyEmpty: "a key is empty", "write the name of a field, such as \"password\"";
    KeySeparator: "a key holds a path separator", "put the path into the group: group = \"a/b\", key = \"c\"";
    KeyPath: "a key leads out of its group", "write the name of a field, such as \"password\"";
    VersionText: "a version is empty, too long or holds a character that it cannot have", "a version has 1 to 256 bytes, no path separator and no control character, such as \"v2\" or \"AWSCURRENT\"";
    RegionText: "a region is malformed", "a region looks like `us-west-2`";
    FormatText: "a format is unknown", "the formats are json, dotenv and text";
    SelectorText: "a version selector is empty, longer than 256 bytes or holds a control character", "write a version's id, or a stage such as \"AWSPREVIOUS\"";
    AliasEmpty: "a group is empty", "write the group by which the body asks, such as \"db\"";
    ReferenceEmpty: "a reference is empty", "write {{name.key}}; a literal `{{` is written \\{{";
    ReferenceDot: "a reference has no dot", "write {{name.key}}: the secret's name, a dot, the key; a literal `{{` is written \\{{";
    ReferenceName: "a reference has no name before its dot", "write {{name.key}}; a literal `{{` is written \\{{";
    ReferenceKey: "a reference has no key after its dot", "write {{name.key}}; a literal `{{` is written \\{{";
    ReferenceSpace: "a reference holds white space where none belongs", "only spaces just inside the braces and around `|` are allowed: {{ name.key | url }}; a literal `{{` is written \\{{";
    ReferenceBrace: "a reference holds a brace", "write {{name.key}}; a literal `{{` is written \\{{";
    ReferenceOpen: "a reference is not closed", "close it with }} on the same line; a literal `{{` is written \\{{";
    ReferenceFilter: "a reference has an unknown filter", "the filters are url, json, shell and base64: {{name.key | url}}; a literal `{{` is written \\{{";
    ReferenceControl: "a reference holds a control character", "remove it; a literal `{{` is written \\{{";
    DelimitersCount: "the delimiters are not two", "write the two with a space between them, such as '<% %>'";
    DelimitersText: "a delimiter holds a character that it cannot have", "a delimiter has 1 to 8 ASCII signs, such as <% or [[; letters, digits, spaces, dots, slashes, backslashes and `|` are not allowed";
}

impl FlawKind {
    /// Whether the flaw is an invalid variable name or a path that escapes its folder, rather than an invalid
    /// source.
    #[must_use]
    pub const fn is_name(self) -> bool {
        matches!(
            self,
            Self::VariableEmpty
                | Self::VariableCharacter
                | Self::VariableDigit
                | Self::VariableReserved
                | Self::EnvVarShape
                | Self::PathAbsolute
                | Self::PathParent
                | Self::GroupPath
                | Self::KeyPath
        )
    }

    /// Whether the flaw is one of a reference in a template.
    pub(crate) const fn is_reference(self) -> bool {
        matches!(
            self,
            Self::ReferenceEmpty
                | Self::ReferenceDot
                | Self::ReferenceName
                | Self::ReferenceKey
                | Self::ReferenceSpace
                | Self::ReferenceBrace
                | Self::ReferenceOpen
                | Self::ReferenceFilter
                | Self::ReferenceControl
        )
    }

    /// Whether the text is too long. The excess bytes are not worth quoting.
    pub(crate) const fn is_long(self) -> bool {
        matches!(
            self,
            Self::NameLong
                | Self::ArnNameLong
                | Self::RoleNameLong
                | Self::GroupLong
                | Self::KeyLong
        )
    }
}

impl Flaw {
    pub(crate) const fn new(kind: FlawKind, start: usize, end: usize) -> Self {
        Self { kind, start, end }
    }

    /// Moves the start back to the boundary of a character of `text`.
    pub(crate) const fn at_char_boundary(mut self, text: &[u8]) -> Self {
        while self.start > 0 && self.start < text.len() && text[self.start] & 0xC0 == 0x80 {
            self.start -= 1;
        }
        self
    }

    /// Returns the flaw for a longer text, in which the checked text starts at byte `offset`.
    pub(crate) const fn shifted(self, offset: usize) -> Self {
        Self { kind: self.kind, start: self.start + offset, end: self.end + offset }
    }
}
