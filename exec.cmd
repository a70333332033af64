@rem What the exec of a Unix shell does, for package.json: there it hands npm's signals to the program itself.
@%*
