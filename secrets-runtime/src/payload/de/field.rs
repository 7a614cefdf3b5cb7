use serde::{
    Deserializer,
    de::{DeserializeSeed, SeqAccess, Visitor},
};

use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::{
            abort::Stop, absent::Absent, container::Whole, diagnostics::Node, fields::Fields,
            member::Member, null::Null, placeholder::Dummy, variant::Variant,
        },
        json::{self, Json, form::Form},
    },
};

/// One value.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    node: Node<'a>,
    value: &'a SecretValue,
    /// What it is written as, where that is known: inside of JSON.
    form: Option<Form>,
    reading: Reading,
}

/// As what a type that takes anything is given a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As its text.
    Plain,
    /// As the number or boolean that it is, if its text does not suffer.
    Scalar,
    /// The same, and a JSON list or object as what it holds.
    Structured,
    /// The same in a text that is JSON as a whole, where `null` is a value.
    Json,
}

impl<'a> Field<'a> {
    /// The value of a whole attempt.
    pub(super) fn root(node: Node<'a>, value: &'a SecretValue) -> Self {
        Self::new(node, value, None, Reading::Plain)
    }

    /// The JSON of a whole attempt.
    pub(super) fn json(node: Node<'a>, value: &'a SecretValue) -> Self {
        Self::new(node, value, None, Reading::Json)
    }

    /// A value inside another one that is read so.
    fn new(node: Node<'a>, value: &'a SecretValue, form: Option<Form>, inherited: Reading) -> Self {
        let reading = match node.plan().readings {
            0 => inherited,
            1 => Reading::Structured,
            _ => Reading::Plain,
        };
        Self { node, value, form, reading }
    }

    /// Reads a value inside another one that is read so, or what stands in for it.
    pub(super) fn read_at<'de, S: DeserializeSeed<'de>>(
        seed: S,
        node: Node<'_>,
        value: &SecretValue,
        form: Option<Form>,
        inherited: Reading,
    ) -> Result<S::Value, Stop> {
        let read = match node.plan().stand_in {
            Some(_) => return node.stand_in(seed),
            None if form == Some(Form::Null) && inherited == Reading::Json => {
                seed.deserialize(Null)
            }
            None if form == Some(Form::Null) => seed.deserialize(Absent),
            None => seed.deserialize(Field::new(node, value, form, inherited)),
        };
        read.map_err(|stop| node.settle(stop, [value]))
    }

    /// The text, to be parsed or handed to the user's type, which is what was asked for.
    fn text(self) -> Option<&'a str> {
        self.value.expose_str().ok()
    }

    fn misfit(self, expected: &str) {
        match self.value.is_text() {
            true => self.node.note_misfit(&format!("expected {expected}")),
            false => self.node.note(
                crate::core::error::ErrorKind::Undecodable,
                &format!("expected {expected}, and the value is bytes that are no text"),
                Some("take it as a `SecretValue`, and read that with `expose_bytes`".to_owned()),
            ),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, items: &[Json], visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(Items { list: self, items, next: 0 })
    }

    fn object<'de, V: Visitor<'de>>(
        self,
        members: &[(String, Json)],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        Fields::new(self, &Member::of_object(members)).visit(visitor)
    }

    fn plain<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.text() {
            Some(text) => visitor.visit_str(text),
            None => visitor.visit_bytes(self.value.expose_bytes()),
        }
    }

    /// A number or a boolean that would be written as the text is; else the text.
    fn scalar<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let text = self.text().unwrap_or_default();
        if let Some(number) = same::<u64>(text) {
            visitor.visit_u64(number)
        } else if let Some(number) = same::<i64>(text) {
            visitor.visit_i64(number)
        } else if let Some(number) = same::<f64>(text).filter(|number| number.is_finite()) {
            visitor.visit_f64(number)
        } else if let Some(truth) = same::<bool>(text) {
            visitor.visit_bool(truth)
        } else {
            self.plain(visitor)
        }
    }
}

impl Whole for Field<'_> {
    fn node(&self) -> Node<'_> {
        self.node
    }

    fn read_part<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        node: Node<'_>,
        value: &SecretValue,
        form: Option<Form>,
    ) -> Result<S::Value, Stop> {
        Self::read_at(seed, node, value, form, self.reading)
    }
}

/// The text parsed, if it would be written the same.
fn same<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|parsed| *zeroize::Zeroizing::new(parsed.to_string()) == text)
}

macro_rules! parsed {
    ($($method:ident => $visit:ident($type:ident) $(if $fits:expr)?;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            let parsed = self.text().and_then(|text| text.parse::<$type>().ok());
            match parsed $(.filter($fits))? {
                Some(value) => visitor.$visit(value),
                None => {
                    self.misfit(stringify!($type));
                    Dummy::default().$method(visitor)
                }
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        let form = self.form.unwrap_or_else(|| Form::guess(self.value));
        match (self.reading, form) {
            (Reading::Scalar | Reading::Structured | Reading::Json, Form::Number | Form::Bool) => {
                self.scalar(visitor)
            }
            (Reading::Structured | Reading::Json, Form::Object) => match json::object(self.value) {
                Ok(members) => self.object(&members, visitor),
                Err(_) => self.plain(visitor),
            },
            (Reading::Structured | Reading::Json, Form::List) => match json::list(self.value) {
                Ok(items) => self.list(&items, visitor),
                Err(_) => self.plain(visitor),
            },
            _ => self.plain(visitor),
        }
    }

    parsed! {
        deserialize_bool => visit_bool(bool);
        deserialize_i8 => visit_i8(i8);
        deserialize_i16 => visit_i16(i16);
        deserialize_i32 => visit_i32(i32);
        deserialize_i64 => visit_i64(i64);
        deserialize_i128 => visit_i128(i128);
        deserialize_u8 => visit_u8(u8);
        deserialize_u16 => visit_u16(u16);
        deserialize_u32 => visit_u32(u32);
        deserialize_u64 => visit_u64(u64);
        deserialize_u128 => visit_u128(u128);
        deserialize_f32 => visit_f32(f32) if |number| number.is_finite();
        deserialize_f64 => visit_f64(f64) if |number| number.is_finite();
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let mut chars = self.text().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => visitor.visit_char(only),
            _ => {
                self.misfit("one character");
                Dummy::default().deserialize_char(visitor)
            }
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.text() {
            Some(text) => visitor.visit_str(text),
            None => {
                self.misfit("text");
                Dummy::default().deserialize_str(visitor)
            }
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_bytes(self.value.expose_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_bytes(self.value.expose_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.misfit("no value");
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match json::list(self.value) {
            Ok(items) => self.list(&items, visitor),
            Err(fault) => {
                self.misfit(&format!("a JSON list ({})", fault.message()));
                Dummy::default().deserialize_seq(visitor)
            }
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        match json::list(self.value) {
            Ok(items) if items.len() == len => self.list(&items, visitor),
            _ => {
                self.misfit(&format!("a JSON list of {len}"));
                Dummy::default().deserialize_tuple(len, visitor)
            }
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        match json::object(self.value) {
            Ok(members) => self.object(&members, visitor),
            Err(fault) => {
                self.misfit(&format!("a JSON object ({})", fault.message()));
                Dummy::default().deserialize_map(visitor)
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        match json::object(self.value) {
            Ok(members) => self.object(&members, visitor),
            Err(fault) => {
                self.misfit(&format!("a JSON object ({})", fault.message()));
                Dummy::default().deserialize_struct(name, fields, visitor)
            }
        }
    }

    /// A text is a variant without content; an object of one member is the variant of its name.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let Some(text) = self.text() else {
            return Err(Stop::misfit("expected the name of a variant, and the value is bytes"));
        };
        match json::object(self.value).as_deref() {
            Ok([(name, content)]) => {
                visitor.visit_enum(Variant::of(self, name, &content.value, Some(content.form)))
            }
            Ok(_) => {
                Err(Stop::misfit("expected an object with one member, which names the variant"))
            }
            Err(_) => visitor.visit_enum(Variant::unit(self, text)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }
}

/// The items of a list.
struct Items<'a> {
    list: Field<'a>,
    items: &'a [Json],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let path = self.list.node.path().index(self.next);
        self.next += 1;
        let node = self.list.node.at(&path);
        self.list.read_part(seed, node, &item.value, Some(item.form)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}
