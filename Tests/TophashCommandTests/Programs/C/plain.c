// A program without Swift.
#include <stdio.h>

int main(int count, char **words) {
  puts("plain");
  return count > 1 && words[1][0] == 'f';
}
