use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

use secrets_spec::GuardMode;
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::ser::{CompactFormatter, Formatter};
use zeroize::Zeroizing;

use crate::private::guard::{
    output_path::{OutputPath, PathPart},
    search::{Incompleteness, LeakSearch},
    search_result::{SearchEnd, SearchResult},
    wiped_text::wiped_text,
};

/// The most bytes of stack that a search may take. Threads of Rust have two mebibytes or more.
const MAX_STACK: usize = 512 * 1024;

/// The beginning of the names of serde_json's types for JSON as it is written. Their field is not a member of the
/// output.
const JSON_AS_WRITTEN: &str = "$serde_json::private::";

type Parts<'a, 'g> = Result<PartSearch<'a, 'g>, SearchEnd>;

impl LeakSearch<'_> {
    /// Searches the value of a result in its serialized form, which is not stored.
    pub fn search_value(&mut self, value: &impl Serialize) {
        if self.mode == GuardMode::Errors {
            return;
        }
        let end = catch_unwind(AssertUnwindSafe(|| search_serialized(value, self)));
        match end {
            Ok(Ok(()) | Err(SearchEnd::Full)) => {}
            Ok(Err(SearchEnd::Failed)) => self.note_incomplete(Incompleteness::Failed),
            Ok(Err(SearchEnd::TooDeep)) => self.note_incomplete(Incompleteness::TooDeep),
            Err(_) => self.note_incomplete(Incompleteness::Panicked),
        }
    }
}

fn search_serialized(value: &impl Serialize, search: &mut LeakSearch<'_>) -> SearchResult {
    let path = OutputPath::root(PathPart::Value);
    value.serialize(ValueSearch { search, path, stack: stack_place(), key: None })
}

/// Returns an address in the used part of the stack.
fn stack_place() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here).addr()
}

/// A serializer that searches the values that it gets.
struct ValueSearch<'a, 'g> {
    search: &'a mut LeakSearch<'g>,
    path: OutputPath<'a>,
    /// The address on the stack when the search began.
    stack: usize,
    /// Set to the text, if this is the key of a map.
    key: Option<&'a mut Zeroizing<String>>,
}

impl<'a, 'g> ValueSearch<'a, 'g> {
    /// Searches a text.
    #[inline]
    fn text(self, text: &str) -> SearchResult {
        if let Some(key) = self.key {
            if key.capacity() < text.len() {
                // Not in place: that would leave a copy.
                *key = Zeroizing::new(String::with_capacity(2 * text.len()));
            }
            key.clear();
            key.push_str(text);
        }
        self.search.search_bytes(&self.path, text.as_bytes());
        self.search.progress()
    }

    /// Searches a number, as JSON writes it.
    #[inline]
    fn number(self, write: impl FnOnce(&mut &mut [u8]) -> std::io::Result<()>) -> SearchResult {
        if !self.search.has_number() && self.key.is_none() {
            return Ok(());
        }
        // The longest number has 128 bits and a sign.
        let mut buffer = [0_u8; 48];
        let mut rest = &mut buffer[..];
        if write(&mut rest).is_err() {
            return Ok(());
        }
        let length = 48 - rest.len();
        self.text(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
    }

    /// Begins a value with parts.
    fn parts(mut self) -> Parts<'a, 'g> {
        self.check_depth()?;
        let Self { search, path, stack, .. } = self;
        let (variant, key) = (None, None);
        Ok(PartSearch { search, path, variant, stack, next: 0, key, is_flat: false })
    }

    fn check_depth(&mut self) -> SearchResult {
        if stack_place().abs_diff(self.stack) <= MAX_STACK {
            return Ok(());
        }
        // The error may get lost: the value may ignore it, or replace it by another.
        self.search.note_incomplete(Incompleteness::TooDeep);
        Err(SearchEnd::TooDeep)
    }
}

impl LeakSearch<'_> {
    #[inline]
    fn progress(&self) -> SearchResult {
        if self.is_full() { Err(SearchEnd::Full) } else { Ok(()) }
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty, $write:ident;)*) => { $(
        fn $method(self, number: $type) -> SearchResult {
            self.number(|out| CompactFormatter.$write(out, number))
        }
    )* };
}

macro_rules! parts {
    ($($method:ident($($argument:ty),*);)*) => { $(
        fn $method(self, $(_: $argument),*) -> Parts<'a, 'g> {
            self.parts()
        }
    )* };
}

macro_rules! variants {
    ($($method:ident;)*) => { $(
        fn $method(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Parts<'a, 'g> {
            Ok(PartSearch { variant: Some(name), ..self.parts()? })
        }
    )* };
}

impl<'a, 'g> Serializer for ValueSearch<'a, 'g> {
    type Ok = ();
    type Error = SearchEnd;
    type SerializeSeq = PartSearch<'a, 'g>;
    type SerializeTuple = PartSearch<'a, 'g>;
    type SerializeTupleStruct = PartSearch<'a, 'g>;
    type SerializeTupleVariant = PartSearch<'a, 'g>;
    type SerializeMap = PartSearch<'a, 'g>;
    type SerializeStruct = PartSearch<'a, 'g>;
    type SerializeStructVariant = PartSearch<'a, 'g>;

    numbers! {
        serialize_i8: i8, write_i8;
        serialize_i16: i16, write_i16;
        serialize_i32: i32, write_i32;
        serialize_i64: i64, write_i64;
        serialize_i128: i128, write_i128;
        serialize_u8: u8, write_u8;
        serialize_u16: u16, write_u16;
        serialize_u32: u32, write_u32;
        serialize_u64: u64, write_u64;
        serialize_u128: u128, write_u128;
    }

    fn serialize_f32(self, number: f32) -> SearchResult {
        match number.is_finite() {
            true => self.number(|out| CompactFormatter.write_f32(out, number)),
            false => Ok(()),
        }
    }

    fn serialize_f64(self, number: f64) -> SearchResult {
        match number.is_finite() {
            true => self.number(|out| CompactFormatter.write_f64(out, number)),
            false => Ok(()),
        }
    }

    fn serialize_bool(self, value: bool) -> SearchResult {
        match self.key {
            Some(_) => self.text(if value { "true" } else { "false" }),
            None => Ok(()),
        }
    }

    fn serialize_char(self, value: char) -> SearchResult {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> SearchResult {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> SearchResult {
        self.search.search_bytes(&self.path, value);
        self.search.progress()
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> SearchResult {
        if let Some(key) = self.key {
            *key = wiped_text(&value);
        }
        self.search.search_text(&self.path, &value);
        self.search.progress()
    }

    fn serialize_none(self) -> SearchResult {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> SearchResult {
        self.check_depth()?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> SearchResult {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> SearchResult {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> SearchResult {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        value: &T,
    ) -> SearchResult {
        self.check_depth()?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> SearchResult {
        self.check_depth()?;
        let Self { search, path, stack, .. } = self;
        let whole = path;
        let path = whole.with(PathPart::Member(variant));
        value.serialize(ValueSearch { search, path, stack, key: None })
    }

    parts! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_map(Option<usize>);
    }

    variants! {
        serialize_tuple_variant;
        serialize_struct_variant;
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Parts<'a, 'g> {
        let is_flat = name.starts_with(JSON_AS_WRITTEN);
        Ok(PartSearch { is_flat, ..self.parts()? })
    }
}

/// Searches the parts of a list, a map or a struct.
struct PartSearch<'a, 'g> {
    search: &'a mut LeakSearch<'g>,
    path: OutputPath<'a>,
    /// The variant of an enum that has the parts.
    variant: Option<&'static str>,
    /// The address on the stack when the search began.
    stack: usize,
    /// The index of the next item.
    next: usize,
    /// The key of the next value of a map, if its key and value come one by one. Nothing else has a key, since wiping
    /// even an empty text takes time.
    key: Option<Zeroizing<String>>,
    /// Whether the parts have the place of the whole.
    is_flat: bool,
}

impl PartSearch<'_, '_> {
    fn part<T: Serialize + ?Sized>(&mut self, part: PathPart<'_>, value: &T) -> SearchResult {
        let Self { search, path, stack, .. } = self;
        let (search, stack) = (&mut **search, *stack);
        let variant;
        let path = match self.variant {
            Some(name) => {
                variant = path.with(PathPart::Member(name));
                &variant
            }
            None => path,
        };
        let path = if self.is_flat { *path } else { path.with(part) };
        value.serialize(ValueSearch { search, path, stack, key: None })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> SearchResult {
        let index = self.next;
        self.next += 1;
        self.part(PathPart::Index(index), value)
    }
}

macro_rules! items {
    ($($of:ident, $method:ident;)*) => { $(
        impl $of for PartSearch<'_, '_> {
            type Ok = ();
            type Error = SearchEnd;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> SearchResult {
                self.item(value)
            }

            fn end(self) -> SearchResult {
                Ok(())
            }
        }
    )* };
}

items! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! members {
    ($($of:ident;)*) => { $(
        impl $of for PartSearch<'_, '_> {
            type Ok = ();
            type Error = SearchEnd;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> SearchResult {
                self.part(PathPart::Member(name), value)
            }

            fn end(self) -> SearchResult {
                Ok(())
            }
        }
    )* };
}

members! {
    SerializeStruct;
    SerializeStructVariant;
}

impl SerializeMap for PartSearch<'_, '_> {
    type Ok = ();
    type Error = SearchEnd;

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> SearchResult {
        let Self { search, path, stack, .. } = self;
        let search = &mut **search;
        key.serialize(ValueSearch { search, path: *path, stack: *stack, key: None })?;
        self.part(PathPart::Key(&key), value)
    }

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> SearchResult {
        let Self { search, path, stack, key: text, .. } = self;
        let (search, text) = (&mut **search, text.get_or_insert_default());
        text.clear();
        key.serialize(ValueSearch { search, path: *path, stack: *stack, key: Some(text) })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> SearchResult {
        let key = self.key.take().unwrap_or_default();
        let result = self.part(PathPart::Member(&key), value);
        self.key = Some(key);
        result
    }

    fn end(self) -> SearchResult {
        Ok(())
    }
}
