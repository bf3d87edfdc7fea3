// The package is a program, started by bin/tombolod: nobody imports it.
export {};
