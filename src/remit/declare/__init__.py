"""How a record of what people write is made: while a project loads, nothing that is wrong stops its code."""
