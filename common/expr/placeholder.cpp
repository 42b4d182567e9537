// Empty until the library's first source file is here.
