use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::core::error::{ErrorKind, Problem};

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut problem = serializer.serialize_struct("Problem", 5)?;
        problem.serialize_field("kind", &self.kind())?;
        problem.serialize_field("source", self.origin())?;
        problem.serialize_field("backend", &self.backend())?;
        problem.serialize_field("message", self.message())?;
        problem.serialize_field("help", &self.help())?;
        problem.end()
    }
}
