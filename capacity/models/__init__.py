"""The mathematics: numbers and arrays in, numbers out; knows no file and no load test."""
